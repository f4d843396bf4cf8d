// SPDX-License-Identifier: Apache-2.0
// Moves bytes without keeping more of them than the window allows.
#include "agent/streams.hpp"

#include "agent/limits.hpp"
#include "agent/pty.hpp"

#include <fairlead/ssh/limits.hpp>

#include <cerrno>
#include <utility>

namespace fairlead::agent {

void InputStream::attach(FileDescriptor fd, bool is_terminal) {
  if (closed_) return;
  fd_ = std::move(fd);
  is_terminal_ = is_terminal;
  watch_.emplace(loop_, fd_.get(), [this](std::uint32_t) { drain(); });
  drain();
}

void InputStream::write(ssh::Bytes data) {
  std::size_t taken = 0;
  if (!closed_ && pending_.empty()) {
    const auto wrote = try_write(data);
    if (!wrote) close();
    taken = wrote.value_or(0);
  }
  if (closed_) taken = data.size();
  engine_.consumed(channel_, taken);
  pending_.append(data.subspan(taken));
  if (watch_ && !pending_.empty()) (void)watch_->want(EPOLLOUT);
}

void InputStream::finish() {
  finished_ = true;
  end_if_drained();
}

void InputStream::close() {
  closed_ = true;
  watch_.reset();
  fd_.reset();
  engine_.consumed(channel_, pending_.size());
  pending_.clear();
  pending_.release();
}

// How much was taken; nothing when the program has closed its input (EPIPE, or EIO from a terminal).
std::optional<std::size_t> InputStream::try_write(ssh::Bytes data) {
  std::size_t taken = 0;
  while (fd_ && taken < data.size()) {
    const auto wrote = ::write(fd_.get(), data.data() + taken, data.size() - taken);
    if (wrote > 0)
      taken += static_cast<std::size_t>(wrote);
    else if (errno == EAGAIN)
      break;
    else if (errno != EINTR)
      return {};
  }
  if (taken > 0) line_begun_ = data[taken - 1] != std::byte{'\n'};
  return taken;
}

void InputStream::drain() {
  const auto taken = try_write(pending_.readable());
  if (!taken) return close();
  engine_.consumed(channel_, *taken);
  pending_.consume(*taken);
  if (pending_.empty()) pending_.release();
  (void)watch_->want(pending_.empty() ? 0 : std::uint32_t{EPOLLOUT});
  end_if_drained();
}

void InputStream::end_if_drained() {
  if (!finished_ || !fd_ || !pending_.empty()) return;
  if (!is_terminal_) return close();
  (void)try_write(ssh::as_bytes(end_of_input(fd_.get(), line_begun_)));
}

void OutputStream::attach(EventLoop& loop, FileDescriptor fd) {
  watch_.reset();  // before the descriptor it watches is closed
  fd_ = std::move(fd);
  watch_.emplace(loop, fd_.get(), [this](std::uint32_t) { pump(); });
  (void)watch_->want(EPOLLIN);
}

void OutputStream::resume() {
  if (fd_ && end_when_empty_)
    pump();  // there may be nothing to wake us
  else if (fd_)
    (void)watch_->want(EPOLLIN);
}

void OutputStream::end_when_empty() {
  end_when_empty_ = true;
  pump();
}

void OutputStream::pump() {
  for (std::size_t moved = 0; fd_ && (moved < limits::output_turn || end_when_empty_);) {
    const auto slot = link_.becomes_congested()
                          ? ssh::MutableBytes{}
                          : link_.engine().prepare_data(channel_, type_, ssh::limits::channel_packet);
    if (slot.empty()) return (void)watch_->want(0);  // until resume()
    std::size_t size = 0;
    const Fill result = fill(slot, size);
    link_.engine().commit_data(size);
    moved += size;
    if (result == Fill::end || (result == Fill::empty && end_when_empty_)) return end();
    if (result == Fill::empty) break;
  }
  // Level-triggered: what is left after our turn calls again.
  if (fd_) (void)watch_->want(EPOLLIN);
}

OutputStream::Fill OutputStream::fill(ssh::MutableBytes slot, std::size_t& size) const {
  // Several reads: a terminal gives at most 4 KiB at once, and many programs write in smaller pieces still.
  while (size < slot.size()) {
    const auto got = ::read(fd_.get(), slot.data() + size, slot.size() - size);
    if (got > 0)
      size += static_cast<std::size_t>(got);
    else if (got < 0 && errno == EAGAIN)
      return Fill::empty;
    else if (got == 0 || errno != EINTR)
      return Fill::end;  // EIO is a terminal's way to say it
  }
  return Fill::full;
}

FileDescriptor OutputStream::release() {
  watch_.reset();
  return std::move(fd_);
}

void OutputStream::end() {
  watch_.reset();
  fd_.reset();
  on_end_();
}

}  // namespace fairlead::agent
