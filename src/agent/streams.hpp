// SPDX-License-Identifier: Apache-2.0
// The two directions between a channel and a program's descriptors, each with its backpressure.
//
//   daemon ─► ChannelData ─► InputStream ─► pipe or terminal ─► program     credit goes back as the program
//   takes bytes daemon ◄─ Engine slot ◄─ OutputStream ◄─ pipe or terminal ◄─ program    not read while the
//   window or the link is full
#pragma once

#include "agent/event_loop.hpp"
#include "agent/link.hpp"
#include "base/byte_buffer.hpp"
#include "base/file_descriptor.hpp"
#include "protocol/engine.hpp"

#include <functional>
#include <optional>

namespace fairlead::agent {

// What it holds is bounded by the channel's receive window.
class InputStream {
 public:
  InputStream(EventLoop& loop, ssh::Engine& engine, ssh::ChannelId channel)
      : loop_(loop), engine_(engine), channel_(channel) {}

  // Where the bytes go; those that came before are delivered first. `fd` must not block.
  void attach(FileDescriptor fd, bool is_terminal);
  void write(ssh::Bytes data);
  // The client's EOF. A pipe is closed once it has taken everything. A terminal stays open, since closing it
  // would hang up the program: it gets the character that ends input, if its line discipline knows one (sshd
  // sends nothing and lets programs that read to the end hang).
  void finish();
  // The program reads no more: what is left and what comes is dropped, and its credit returned.
  void close();

 private:
  [[nodiscard]] std::optional<std::size_t> try_write(ssh::Bytes data);
  void drain();
  void end_if_drained();

  EventLoop& loop_;
  ssh::Engine& engine_;
  ssh::ChannelId channel_;
  FileDescriptor fd_;
  std::optional<EventLoop::Watch> watch_;  // above fd_: gone before it is closed
  ssh::ByteBuffer pending_;
  bool is_terminal_ = false;
  bool line_begun_ = false;  // the last byte a terminal got was not a line feed
  bool finished_ = false;
  bool closed_ = false;
};

class OutputStream {
 public:
  // `on_end` is called once, after the last byte; it may not destroy the stream.
  OutputStream(Link& link, ssh::ChannelId channel, ssh::DataType type, std::function<void()> on_end)
      : link_(link), channel_(channel), type_(type), on_end_(std::move(on_end)) {}

  void attach(EventLoop& loop, FileDescriptor fd);
  // The window or the link has room again.
  void resume();
  // Ends with the last byte that is there now, even if somebody still holds the other end (a terminal after
  // its program).
  void end_when_empty();
  [[nodiscard]] bool ended() const noexcept { return !fd_; }
  // Reads no more: whoever writes to a pipe gets SIGPIPE.
  void end();
  // Reads no more and hands the descriptor over.
  [[nodiscard]] FileDescriptor release();

 private:
  enum class Fill { full, empty, end };
  void pump();
  [[nodiscard]] Fill fill(ssh::MutableBytes slot, std::size_t& size) const;

  Link& link_;
  ssh::ChannelId channel_;
  ssh::DataType type_;
  std::function<void()> on_end_;
  FileDescriptor fd_;
  std::optional<EventLoop::Watch> watch_;
  bool end_when_empty_ = false;
};

}  // namespace fairlead::agent
