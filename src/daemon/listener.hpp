// SPDX-License-Identifier: Apache-2.0
// The listening socket: accepts, hands each connection to the least loaded core, holds the connection limits.
#pragma once

#include "daemon/cores.hpp"
#include "daemon/login.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <expected>
#include <functional>
#include <memory>
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
  void hand_over(Core& core, asio::ip::tcp::socket socket);
  [[nodiscard]] const char* over_limit(const config::Ssh& limits) const;

  asio::ip::tcp::acceptor acceptor_;
  Cores& cores_;
  LoginServices& services_;
  CurrentSettings settings_;
};

}  // namespace fairlead::daemon
