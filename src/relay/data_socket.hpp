// SPDX-License-Identifier: Apache-2.0
// The short way of one program's standard input and output: a stream socket between the daemon and the agent,
// beside the link. Output is read from it straight into the client's packets.
//
//   program ── pipe ── agent (splice) ── data socket ── client's packets, sealed in place
#pragma once

#include "base/file_descriptor.hpp"
#include "link/descriptor_channel.hpp"
#include "relay/activity.hpp"

#include <fairlead/ssh/connection.hpp>

#include <boost/asio/local/stream_protocol.hpp>

#include <cstdint>
#include <memory>

namespace fairlead::relay {

// Belongs to one executor. What comes over it are a box's bytes and nothing else: both ends were made here,
// so that no box can make a call on it wait (docs/decisions.md).
class DataSocket {
 public:
  // Makes the socket and sends the agent's end of it. Null when that cannot be done now: data goes over the
  // link then.
  [[nodiscard]] static std::unique_ptr<DataSocket> offer(const ssh::asio::any_io_executor& executor,
                                                         link::DescriptorSender& sender);
  // The daemon's end of a socket whose other end somebody has already. Null as above.
  [[nodiscard]] static std::unique_ptr<DataSocket> adopt(const ssh::asio::any_io_executor& executor,
                                                         FileDescriptor ours);
  // Under which the agent finds it (data_socket_request).
  [[nodiscard]] std::uint32_t number() const noexcept { return number_; }

  // Each once. `count` is told what is moved. The first returns after finish_output(), when everything has
  // been taken, or after close(), and throws ConnectionError when the client is gone. The second returns
  // after the client's EOF; what the program does not read any more is dropped.
  [[nodiscard]] ssh::Task<> copy_output(ssh::Channel to, Meter& count);
  [[nodiscard]] ssh::Task<> copy_input(ssh::Channel from, Meter& count);
  // What the box has written until now is all that comes, even if it keeps its end open.
  void finish_output();
  // Wakes both.
  void close();

 private:
  using Socket = ssh::asio::local::stream_protocol::socket;
  explicit DataSocket(Socket socket) : socket_(std::move(socket)) {}
  [[nodiscard]] ssh::Task<> wait(Socket::wait_type what);
  // As much as is there and fits.
  [[nodiscard]] std::size_t receive(ssh::MutableBytes into);

  Socket socket_;
  std::uint32_t number_ = 0;
  enum class Output { flows, empty, over } output_ = Output::flows;
};

}  // namespace fairlead::relay
