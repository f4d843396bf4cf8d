// SPDX-License-Identifier: Apache-2.0
// Waits for the source until it has something, and then, when nothing can be moved, for the sink.
#include "agent/splice.hpp"

#include "agent/limits.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace fairlead::agent {

Splice::Splice(EventLoop& loop, FileDescriptor source, FileDescriptor sink, std::function<void()> on_end)
    : source_(std::move(source)), sink_(std::move(sink)), on_end_(std::move(on_end)) {
  source_watch_.emplace(loop, source_.get(), [this](std::uint32_t) { pump(true); });
  sink_watch_.emplace(loop, sink_.get(), [this](std::uint32_t) { pump(false); });
  (void)source_watch_->want(EPOLLIN);
}

void Splice::pump(bool source_is_ready) {
  // EAGAIN does not say which of the two is meant. After a success we ask the source again (level-triggered);
  // when it is ready and still nothing moves, it is the sink.
  bool wait_for_sink = source_is_ready;
  for (std::size_t moved = 0; moved < limits::output_turn;) {
    const auto size = ::splice(source_.get(), nullptr, sink_.get(), nullptr, limits::output_turn,
                               SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (size == 0) return end();
    if (size > 0) {
      moved += static_cast<std::size_t>(size);
      wait_for_sink = false;
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      return stop();  // nobody reads what would be written, and the program need not hear of it before its
                      // end
    }
  }
  (void)source_watch_->want(wait_for_sink ? 0 : std::uint32_t{EPOLLIN});
  (void)sink_watch_->want(wait_for_sink ? std::uint32_t{EPOLLOUT} : 0);
}

void Splice::stop() {
  source_watch_.reset();
  sink_watch_.reset();
  if (source_) (void)::shutdown(source_.get(), SHUT_RD);  // a pipe does not mind
  sink_.reset();
}

FileDescriptor Splice::release() {
  stop();
  return std::move(source_);
}

void Splice::end() {
  ended_ = true;
  if (sink_) (void)::shutdown(sink_.get(), SHUT_WR);  // its other direction may go on
  stop();
  source_.reset();
  on_end_();
}

}  // namespace fairlead::agent
