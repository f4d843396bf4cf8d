// SPDX-License-Identifier: Apache-2.0
// Notices that a client has left while nobody reads from it: the engine reads no further while it waits for a
// verdict, and a webhook may take a minute.
#pragma once

#include "base/file_descriptor.hpp"

#include <fairlead/ssh/async.hpp>

#include <boost/asio/ip/tcp.hpp>

namespace fairlead::daemon {

// Holds a second descriptor of the socket. Without one, when none is left, it notices nothing.
class Hangup {
 public:
  explicit Hangup(ssh::asio::ip::tcp::socket& socket);

  // Completes when the client has closed the connection, or it is broken.
  [[nodiscard]] ssh::Task<> happened();

 private:
  [[nodiscard]] bool has_left() const;
  FileDescriptor watched_;
};

}  // namespace fairlead::daemon
