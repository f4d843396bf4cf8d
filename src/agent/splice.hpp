// SPDX-License-Identifier: Apache-2.0
// Moves bytes between a program's pipe and its data socket, in one direction and inside the kernel: nothing
// is copied here, and nothing is held here.
//
//   pipe of standard output ─► splice(2) ─► data socket ─► daemon
//   daemon ─► data socket ─► splice(2) ─► pipe of standard input
#pragma once

#include "agent/event_loop.hpp"
#include "base/file_descriptor.hpp"

#include <functional>
#include <optional>

namespace fairlead::agent {

class Splice {
 public:
  // One is a pipe, the other a stream socket, and neither blocks. `on_end` is called once, when the source
  // has ended and everything has been moved; both descriptors are closed then, and it may not destroy this.
  Splice(EventLoop& loop, FileDescriptor source, FileDescriptor sink, std::function<void()> on_end);

  [[nodiscard]] bool ended() const noexcept { return ended_; }
  // Moves no more; whoever writes to a socket as the source is told so. Does not count as an end.
  void stop();
  // As if the source had ended: whoever writes to it gets SIGPIPE.
  void end();
  // Stops, and hands the source over.
  [[nodiscard]] FileDescriptor release();

 private:
  void pump(bool source_is_ready);

  FileDescriptor source_, sink_;
  std::function<void()> on_end_;
  std::optional<EventLoop::Watch> source_watch_, sink_watch_;  // gone before what they watch is closed
  bool ended_ = false;
};

}  // namespace fairlead::agent
