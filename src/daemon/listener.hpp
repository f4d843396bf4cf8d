// SPDX-License-Identifier: Apache-2.0
// The listening socket: accepts, hands each connection to the least loaded core, holds the connection limits.
#pragma once

#include "daemon/cores.hpp"
#include "daemon/login.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <expected>
#include <functional>
#include <memory>
#include <random>
#include <string>

namespace fairlead::daemon {

class Listener {
 public:
  using CurrentSettings = std::function<std::shared_ptr<const Settings>()>;

  // Binds and listens at once. `address` is "host:port", host an address, "[v6]" or empty for all. The error
  // is a sentence.
  [[nodiscard]] static std::expected<std::unique_ptr<Listener>, std::string> open(const std::string& address,
                                                                                  Cores& cores,
                                                                                  LoginServices& services,
                                                                                  CurrentSettings settings);

  // Accepts until close(). Runs on the first core, as close() does.
  [[nodiscard]] ssh::Task<> run();
  void close();
  [[nodiscard]] std::string local_address() const;

 private:
  Listener(asio::ip::tcp::acceptor acceptor, Cores& cores, LoginServices& services, CurrentSettings settings);
  // The visit of a connection that may stay, or why it may not.
  [[nodiscard]] std::expected<Sources::Visit, Turned> admit(const asio::ip::tcp::socket& socket);
  // DISCONNECT in the clear, in one write that never waits.
  void say_no_room(asio::ip::tcp::socket socket);
  void tell_refused(const char* why);
  void hand_over(Core& core, Arrival arrival);

  asio::ip::tcp::acceptor acceptor_;
  Cores& cores_;
  LoginServices& services_;
  CurrentSettings settings_;
  std::minstd_rand dice_{std::random_device{}()};
  Sources::Clock::time_point last_told_{};
  std::size_t untold_ = 0;                                                   // refusals since then
  std::shared_ptr<std::size_t> leaving_ = std::make_shared<std::size_t>(0);  // sockets of say_no_room()
};

}  // namespace fairlead::daemon
