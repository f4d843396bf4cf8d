// SPDX-License-Identifier: Apache-2.0
// One timer for whatever comes next: the warning, the end, or the look whether a connection is idle.
#include "daemon/time_limits.hpp"

#include "ssh/interruptible.hpp"

#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace fairlead::daemon {
namespace {

namespace asio = ssh::asio;
using Clock = relay::Activity::Clock;
using ssh::Task;

// How long a client may take to show its person the last sentence.
constexpr std::chrono::seconds last_words{2};
// Stands for no limit: sums with it do not overflow.
constexpr std::chrono::hours never{std::chrono::hours{24} * 365 * 100};

Clock::duration span(config::Duration limit) {
  return limit == config::Duration::zero() ? Clock::duration(never) : std::min<Clock::duration>(limit, never);
}

std::string in_words(Clock::duration time) {
  auto count = std::chrono::ceil<std::chrono::seconds>(time).count();
  const char* unit = "second";
  if (count >= 60 && count % 60 == 0) {
    count /= 60;
    unit = "minute";
  }
  return fmt::format("{} {}{}", count, unit, count == 1 ? "" : "s");
}

Task<> interrupt_later(std::shared_ptr<ssh::Interruptible> waiting, Clock::duration delay) {
  asio::steady_timer timer(co_await asio::this_coro::executor, delay);
  co_await timer.async_wait(asio::use_awaitable);
  waiting->interrupt();
}

struct Reason {
  const char* code;
  const char* sentence;
};
constexpr Reason idle{"SSH_IDLE_TIMEOUT", "This connection was idle for too long."};
constexpr Reason too_long{"SSH_MAX_TIME", "This connection has lasted as long as it may."};

Task<> end(TimeLimits limits, Reason reason) {
  limits.log.info(reason.code, reason.sentence);
  limits.notices->say(relay::Notices::To::everybody, reason.sentence);
  const auto hearing = std::make_shared<ssh::Interruptible>();
  ssh::TaskScope limiting(limits.connection.executor());
  limiting.spawn(interrupt_later(hearing, last_words));
  auto heard = limits.notices->heard();
  try {
    co_await hearing->run(std::move(heard));
  } catch (const boost::system::system_error&) {  // the client does not read, or this is cancelled
  }
  limits.connection.disconnect(ssh::DisconnectReason::by_application, reason.sentence);
}

}  // namespace

TimeLimits::TimeLimits(ssh::Connection whose, std::shared_ptr<relay::BoxGate> its_gate, config::Quota most,
                       observe::Log sink)
    : connection(std::move(whose)),
      gate(std::move(its_gate)),
      quota(most),
      log(std::move(sink)),
      notices(std::make_shared<relay::Notices>(connection)),
      activity(std::make_shared<relay::Activity>()) {}

Task<> hold_to(TimeLimits limits) {
  const config::Quota& quota = limits.quota;
  if (quota.idle_timeout == config::Duration::zero() && quota.max_time == config::Duration::zero()) co_return;
  const Clock::duration longest = span(quota.max_time);
  // A short time keeps half of itself free of warnings.
  const Clock::duration ahead = std::min<Clock::duration>(quota.warn_before, longest / 2);
  const Clock::time_point over = Clock::now() + longest;
  bool warned = ahead == Clock::duration::zero();
  asio::steady_timer timer(limits.connection.executor());
  for (;;) {
    if (!limits.gate->decided()) limits.activity->seen();
    const Clock::time_point now = Clock::now();
    const Clock::time_point idle_until = limits.activity->last() + span(quota.idle_timeout);
    if (now >= over) co_return co_await end(std::move(limits), too_long);
    if (now >= idle_until) co_return co_await end(std::move(limits), idle);
    if (!warned && now >= over - ahead) {
      warned = true;
      limits.notices->say(relay::Notices::To::terminals,
                          fmt::format("This connection ends in {}.", in_words(ahead)));
      limits.log.debug("SSH_MAX_TIME_WARNING", "The terminals of this connection were told of its end");
    }
    timer.expires_at(std::min(warned ? over : over - ahead, idle_until));
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace fairlead::daemon
