// SPDX-License-Identifier: Apache-2.0
// Pulling, pausing, pulling again.
#include "backend/docker/pull.hpp"

#include "backend/backend.hpp"
#include "backend/docker/failure.hpp"
#include "backend/docker/limits.hpp"
#include "backend/docker/pull_meter.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <string_view>

namespace fairlead::docker {
namespace {

namespace asio = boost::asio;

// The engine answers 500 for nearly everything that its registry client meets, so its words decide. What is
// not known to pass counts as a refusal: a user should not wait for a minute to be told about a typing error.
constexpr std::array<std::string_view, 12> passing_words{
    "connection reset", "connection refused", "broken pipe",           ": EOF",
    "unexpected EOF",   "i/o timeout",        "TLS handshake timeout", "Client.Timeout exceeded",
    "no route to host", "server misbehaving", "HTTP status: 5",        "Temporary failure"};

bool is_timeout(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const http::HttpError& error) {
    return error.kind() == http::Failure::timeout;
  } catch (...) {
    return false;
  }
}

// A new meter for each attempt.
Engine::OnProgress report_to(const PullOrder& order) {
  return [meter = PullMeter(), sink = order.progress](const boost::json::value& line) mutable {
    meter.note(line);
    if (const auto progress = meter.progress(); progress && sink) sink(*progress);
  };
}

}  // namespace

bool is_passing(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const EngineError& error) {
    const std::string_view words = error.what();
    const auto said = [&](std::string_view text) { return words.find(text) != std::string_view::npos; };
    return error.status() > 500 || (error.status() == 500 && std::ranges::any_of(passing_words, said));
  } catch (const http::HttpError& error) {
    return error.kind() == http::Failure::closed;
  } catch (...) {
    return false;
  }
}

Task<> pull_image(Engine engine, PullOrder order, Deadline deadline, observe::Log log) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (auto pause = limits::first_pull_pause;; pause *= 2) {
    std::exception_ptr failure;
    try {
      co_await engine.pull(order.image, deadline, order.credentials, report_to(order));
      co_return;
    } catch (const std::exception&) {
      failure = std::current_exception();
    }
    if (is_timeout(failure))
      throw backend::BackendError(
          "pull of " + order.image + ": not complete within timeouts.containerStart",
          "The image of your box could not be fetched in time. Please try again later.");
    if (!is_passing(failure) || std::chrono::steady_clock::now() + pause >= deadline)
      std::rethrow_exception(failure);
    log.warning("DOCKER_PULL_RETRY", "a pull failed and is tried again: " + words_of(failure),
                {{"image", order.image}, {"pauseSeconds", std::int64_t{pause.count()}}});
    timer.expires_after(pause);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace fairlead::docker
