// SPDX-License-Identifier: Apache-2.0
// A few threads in getaddrinfo(), and coroutines that wait with a timer of their own.
#include "http/resolver.hpp"

#include "http/limits.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>

#include <netdb.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace fairlead::http {
namespace {

namespace asio = boost::asio;

Resolver::Result ask_system(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error == EAI_SYSTEM) return std::unexpected(std::string(std::strerror(errno)));
  if (error != 0) return std::unexpected(std::string(::gai_strerror(error)));
  Resolver::Addresses addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    asio::ip::tcp::endpoint endpoint;
    if (entry->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
    endpoint.resize(entry->ai_addrlen);
    endpoint.port(port);
    addresses.push_back(endpoint);
  }
  ::freeaddrinfo(found);
  return addresses;
}

}  // namespace

// Shared by who asks and the thread that finds out; the timer belongs to who asks, and dies with it.
struct Resolver::Question {
  std::string host;
  std::uint16_t port = 0;
  std::mutex mutex{};
  asio::steady_timer* waiting = nullptr;
  std::optional<Result> result{};
};

struct Resolver::State {
  explicit State(LookUp f) : look_up(std::move(f)) {}
  const LookUp look_up;
  std::mutex mutex;
  std::deque<std::shared_ptr<Question>> queue;
  std::size_t threads = 0;
};

Resolver::Resolver(LookUp look_up) : state_(std::make_shared<State>(std::move(look_up))) {}

Resolver& Resolver::of_system() {
  static Resolver resolver(ask_system);
  return resolver;
}

// One thread: answers questions until there is none, and ends.
void Resolver::work(const std::shared_ptr<State>& state) {
  for (;;) {
    std::shared_ptr<Question> question;
    {
      const std::scoped_lock lock(state->mutex);
      if (state->queue.empty()) {
        --state->threads;
        return;
      }
      question = std::move(state->queue.front());
      state->queue.pop_front();
    }
    {
      const std::scoped_lock lock(question->mutex);
      if (question->waiting == nullptr) continue;
    }
    auto result = state->look_up(question->host, question->port);
    const std::scoped_lock lock(question->mutex);
    question->result = std::move(result);
    // While somebody waits its io_context lives: whoever leaves takes this lock first.
    if (question->waiting == nullptr) continue;
    asio::post(question->waiting->get_executor(), [question] {
      const std::scoped_lock still(question->mutex);
      if (question->waiting != nullptr) question->waiting->cancel();
    });
  }
}

void Resolver::enqueue(const std::shared_ptr<State>& state, std::shared_ptr<Question> question) {
  const std::scoped_lock lock(state->mutex);
  state->queue.push_back(std::move(question));
  if (state->threads == limits::look_up_threads) return;
  try {
    // Never joined: nothing ends a look-up that hangs, and the daemon must be able to.
    std::thread([state] { work(state); }).detach();
    ++state->threads;
  } catch (const std::system_error& error) {
    if (state->threads > 0) return;
    state->queue.pop_back();
    throw HttpError(Failure::connect, std::string("look up a name: ") + error.what());
  }
}

ssh::Task<Resolver::Addresses> Resolver::resolve(std::string host, std::uint16_t port,
                                                 std::chrono::steady_clock::time_point deadline) const {
  asio::steady_timer timer(co_await asio::this_coro::executor, deadline);
  const auto question = std::make_shared<Question>();
  question->host = std::move(host);
  question->port = port;
  question->waiting = &timer;
  struct Leave {
    Question& question;
    ~Leave() {
      const std::scoped_lock lock(question.mutex);
      question.waiting = nullptr;
    }
  } const leave{*question};
  enqueue(state_, question);
  const auto [woken] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  const std::scoped_lock lock(question->mutex);
  if (!question->result)
    throw woken
        ? HttpError(Failure::cancelled, "look up " + question->host + ": cancelled")
        : HttpError(Failure::timeout, "look up " + question->host + ": no answer within the time limit");
  if (!*question->result)
    throw HttpError(Failure::connect, "look up " + question->host + ": " + question->result->error());
  if ((*question->result)->empty())
    throw HttpError(Failure::connect, "look up " + question->host + ": the name has no address");
  co_return std::move(**question->result);
}

}  // namespace fairlead::http
