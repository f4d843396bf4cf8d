// SPDX-License-Identifier: Apache-2.0
// How the daemon hands the agent its end of a data socket: over a second socket beside a local link.
//
//   link (stream)               'D' with one descriptor: the agent's end of the descriptor socket; then
//   packets descriptor socket (packets) uint32 number, with one descriptor
//
// Descriptors go from the daemon to the agent and never back: a box is hostile, and an open file of its
// making could stall the daemon (docs/decisions.md).
#pragma once

#include "base/file_descriptor.hpp"

#include <fairlead/ssh/bytes.hpp>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

namespace fairlead::link {

// The daemon's end.
class DescriptorSender {
 public:
  // Sends the byte that precedes the packets of a local link, a connected Unix stream socket. Nothing, with
  // errno set, when there is no descriptor left or the socket is closed.
  [[nodiscard]] static std::optional<DescriptorSender> open(int link);
  // Does not wait: nothing when the agent has not taken what was sent before, or never will. Else the number
  // under which the agent finds it. The descriptor stays the caller's.
  [[nodiscard]] std::optional<std::uint32_t> send(int descriptor);

 private:
  explicit DescriptorSender(FileDescriptor socket) : socket_(std::move(socket)) {}
  FileDescriptor socket_;
  std::uint32_t last_ = 0;
};

// The agent's end.
class DescriptorReceiver {
 public:
  DescriptorReceiver() = default;  // gets nothing
  // Waits for the byte that precedes the packets of a local link. The error is a sentence for a log.
  [[nodiscard]] static std::expected<DescriptorReceiver, std::string> open(int link);
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(socket_); }
  // The socket that was sent under this number; empty when it is not there. Those of smaller numbers that
  // nobody asked for are closed: their channels ended on the way.
  [[nodiscard]] FileDescriptor take(std::uint32_t number);

 private:
  FileDescriptor socket_;
};

}  // namespace fairlead::link
