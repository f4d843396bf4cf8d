// SPDX-License-Identifier: Apache-2.0
// Attempts, what came of them, and pauses.
#include "webhook/target.hpp"

#include "webhook/client.hpp"
#include "webhook/limits.hpp"

#include <boost/asio/execution/context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <random>
#include <utility>

namespace fairlead::webhook {
namespace {

namespace asio = ssh::asio;

constexpr unsigned ok = 200;

bool is_redirect(unsigned status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Of an answer with this status: 408, 425 and 429 ask for patience, other 4xx say that we are wrong (RFC 9110
// section 15.5: not to be repeated as it is).
Prospect prospect_of(unsigned status) {
  const bool patience = status == 408 || status == 425 || status == 429;
  return status / 100 == 4 && !patience ? Prospect::final : Prospect::passing;
}

void throw_if_cancelled(const asio::cancellation_state& state) {
  if (state.cancelled() != asio::cancellation_type::none)
    throw boost::system::system_error(asio::error::operation_aborted);
}

}  // namespace

struct Target::Problem {
  Problem(std::string_view code, std::string sentence, Prospect hope)
      : reason(code), detail(std::move(sentence)), prospect(hope) {}

  std::string_view reason;
  std::string detail;
  Prospect prospect;
  std::optional<std::chrono::seconds> retry_after;
};

std::expected<std::shared_ptr<Target>, std::string> Target::make(const config::HttpClient& block,
                                                                 const Kind& kind, Clock::duration budget) {
  auto server = make_client(block, limits::answer);
  if (!server) return std::unexpected(std::move(server.error()));
  std::shared_ptr<Target> target(new Target(std::move(server->client), kind));
  // Plain concatenation is ContainerSSH's rule (services.md section 0.6), but for a URL without any path.
  const bool bare = block.url.find('/', block.url.find("://") + 3) == std::string::npos;
  target->target_ = (bare && !kind.path.empty() ? "" : server->target) + std::string(kind.path);
  target->budget_ = budget;
  target->timeout_ = block.timeout;
  target->redirects_ = block.allow_redirects ? limits::redirects : 0;
  return target;
}

Slots Target::line_of(const asio::any_io_executor& executor) const {
  const std::lock_guard lock(mutex_);
  return lines_.try_emplace(&asio::query(executor, asio::execution::context), limits::calls).first->second;
}

void Target::tell(const observe::Log& log, observe::Level level, const Problem& problem) const {
  if (!log.enabled(level)) return;
  log.write(level, kind_.failed, problem.detail, {{"reason", std::string(problem.reason)}});
}

// Of a refusal nothing is kept, and who guesses passwords should not fill the log.
void Target::tell_skipped(const observe::Log& log, const Answer& answer) const {
  if (kind_.form == Form::verdict && !answer.success) return;
  for (const std::string& entry : answer.skipped)
    log.warning("WEBHOOK_ENTRY_SKIPPED", "The webhook's answer has an entry that is left out: " + entry);
}

ssh::Task<std::expected<Answer, Failure>> Target::ask(Body body, observe::Log log) const {
  const auto executor = co_await asio::this_coro::executor;
  const Slots line = line_of(executor);
  Retry retry(budget_, std::random_device{}());
  asio::steady_timer pause(executor);
  for (;;) {
    log.debug(kind_.asking, "Asking the webhook");
    auto slot = co_await line.enter(retry.deadline());
    throw_if_cancelled(co_await asio::this_coro::cancellation_state);
    Outcome outcome = std::unexpected(
        Problem("UNKNOWN_ERROR", "too many requests to this webhook are under way", Prospect::passing));
    if (slot) outcome = co_await attempt(body, std::min(retry.deadline(), Clock::now() + timeout_));
    slot.reset();
    throw_if_cancelled(co_await asio::this_coro::cancellation_state);
    if (outcome) {
      tell_skipped(log, *outcome);
      co_return std::move(*outcome);
    }
    Problem& problem = outcome.error();
    const auto next = retry.next(problem.prospect, Clock::now(), problem.retry_after);
    tell(log, next ? observe::Level::debug : observe::Level::error, problem);
    if (!next) co_return std::unexpected(Failure{std::string(problem.reason), std::move(problem.detail)});
    pause.expires_at(*next);
    co_await pause.async_wait(asio::use_awaitable);
  }
}

ssh::Task<Target::Outcome> Target::attempt(const Body& body, Clock::time_point deadline) const {
  auto response = co_await exchange(body, deadline);
  if (!response) co_return std::unexpected(std::move(response.error()));
  co_return judge(*response);
}

ssh::Task<std::expected<http::Response, Target::Problem>> Target::exchange(const Body& body,
                                                                           Clock::time_point deadline) const {
  http::Request request;
  request.method = "POST";
  request.target = target_;
  request.headers.push_back({"Accept", "application/json"});
  request.body = body.text();
  request.redirects = redirects_;
  request.idempotent = true;  // a question
  request.deadline = deadline;
  try {
    co_return co_await client_.send(std::move(request));
  } catch (const http::HttpError& error) {
    const bool too_big = error.kind() == http::Failure::too_big;
    const bool hopeless = too_big || error.kind() == http::Failure::endpoint;
    co_return std::unexpected(Problem(too_big ? "HTTP_CLIENT_DECODE_FAILED" : "HTTP_CLIENT_CONNECTION_FAILED",
                                      error.what(), hopeless ? Prospect::mistake : Prospect::passing));
  }
}

// The reference reads the body before it looks at the status: what is no JSON is told as that (services.md
// 0.6).
Target::Outcome Target::judge(const http::Response& response) const {
  const auto status = response.status;
  if (is_redirect(status)) {
    const char* detail =
        redirects_ == 0 ? "the server redirects, which is not allowed" : "the server redirects without end";
    return std::unexpected(Problem("HTTP_CLIENT_REDIRECTS_DISABLED", detail, Prospect::mistake));
  }
  auto answer = read_answer(response.body, kind_.form);
  if (status == ok && answer) return std::move(*answer);
  if (status == ok)
    return std::unexpected(Problem("HTTP_CLIENT_DECODE_FAILED", "the answer is not usable: " + answer.error(),
                                   Prospect::mistake));
  Problem problem(answer ? kind_.wrong_status : "HTTP_CLIENT_DECODE_FAILED",
                  fmt::format("the server answered with status {}", status), prospect_of(status));
  problem.retry_after = parse_retry_after(response.header("Retry-After"), std::chrono::system_clock::now());
  return std::unexpected(std::move(problem));
}

}  // namespace fairlead::webhook
