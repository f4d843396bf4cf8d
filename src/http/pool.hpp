// SPDX-License-Identifier: Apache-2.0
// Kept connections, one pool per io_context: connections never cross threads and die before their io_context.
// Internal.
#pragma once

#include "http/limits.hpp"
#include "http/transport.hpp"

#include <boost/asio/execution_context.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace fairlead::http {

class Pool : public ssh::asio::execution_context::service {
 public:
  using key_type = Pool;
  static ssh::asio::execution_context::id id;

  explicit Pool(ssh::asio::execution_context& context) : service(context) {}
  // The pool of the io_context that this executor runs on. Use it on that io_context's thread only.
  [[nodiscard]] static Pool& of(const ssh::asio::any_io_executor& executor);

  // A connection that was given back and is still open, or null. `server` names endpoint and TLS identity.
  [[nodiscard]] std::unique_ptr<Transport> take(const std::string& server);
  void give_back(const std::string& server, std::unique_ptr<Transport> transport);

 private:
  void shutdown() override { idle_.clear(); }
  void drop_old();

  struct Idle {
    std::unique_ptr<Transport> transport;
    TimePoint since;
  };
  std::map<std::string, std::vector<Idle>> idle_;
};

}  // namespace fairlead::http
