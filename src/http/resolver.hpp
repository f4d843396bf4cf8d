// SPDX-License-Identifier: Apache-2.0
// Name look-ups that a coroutine can stop waiting for. Internal to this floor.
#pragma once

#include "http/error.hpp"

#include <fairlead/ssh/async.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace fairlead::http {

// getaddrinfo() cannot be interrupted, and Asio runs all look-ups of an io_context on one thread, which it
// joins at the end: a dead name server would stall every other look-up and the stop of the daemon. Here a few
// threads of the process look up; who asked waits no longer than its deadline, and the answer that comes
// later is thrown away. Thread-safe.
class Resolver {
 public:
  using Addresses = std::vector<boost::asio::ip::tcp::endpoint>;
  using Result = std::expected<Addresses, std::string>;
  // Blocking; an error is a sentence.
  using LookUp = std::function<Result(const std::string& host, std::uint16_t port)>;

  explicit Resolver(LookUp look_up);
  // The one that asks the system; lives for ever.
  [[nodiscard]] static Resolver& of_system();

  // Throws HttpError: connect, timeout or cancelled.
  [[nodiscard]] ssh::Task<Addresses> resolve(std::string host, std::uint16_t port,
                                             std::chrono::steady_clock::time_point deadline) const;

 private:
  struct Question;
  struct State;
  static void work(const std::shared_ptr<State>& state);
  static void enqueue(const std::shared_ptr<State>& state, std::shared_ptr<Question> question);
  std::shared_ptr<State> state_;  // shared with the threads, which outlive everybody when they hang
};

}  // namespace fairlead::http
