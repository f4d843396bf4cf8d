// SPDX-License-Identifier: Apache-2.0
// Reads, writes and the two backpressures: programs wait for the daemon, and a daemon that does not read is
// not read.
#include "agent/link.hpp"

#include "agent/limits.hpp"

#include <fairlead/ssh/limits.hpp>

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <variant>

namespace fairlead::agent {
namespace {

std::shared_ptr<const ssh::EngineConfig> link_config() {
  auto config = std::make_shared<ssh::EngineConfig>();
  config->role = ssh::Role::link;
  return config;
}

void make_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags >= 0) (void)::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  (void)::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

}  // namespace

Link::Link(EventLoop& loop, LinkDescriptors descriptors, Callbacks callbacks)
    : loop_(loop),
      in_(std::move(descriptors.in)),
      out_(std::move(descriptors.out)),
      data_sockets_(std::move(descriptors.data_sockets)),
      callbacks_(std::move(callbacks)),
      engine_(ssh::Engine::make_link(link_config())),
      in_watch_(loop, in_.get(), [this](std::uint32_t events) {
        if ((events & EPOLLOUT) != 0) blocked_ = false;
        if ((events & ~std::uint32_t{EPOLLOUT}) != 0) on_readable();
      }) {
  make_nonblocking(in_.get());
  if (!out_) return;
  make_nonblocking(out_.get());
  out_watch_.emplace(loop, out_.get(), [this](std::uint32_t events) {
    blocked_ = false;
    // The reader of the pipe has gone; a write would say the same.
    if ((events & EPOLLERR) != 0) end({});
  });
}

bool Link::start() {
  return in_watch_.want(EPOLLIN);
}

bool Link::becomes_congested() noexcept {
  congested_ = congested_ || engine_.output().size() >= ssh::limits::output_high_water;
  return congested_;
}

void Link::on_readable() {
  // One read per turn: programs and the other direction get theirs in between.
  const auto space = input_.prepare(limits::link_read);
  const auto got = ::read(in_.get(), space.data(), space.size());
  if (got > 0) {
    input_.commit(static_cast<std::size_t>(got));
    receive();
  } else if (got == 0) {
    end({});
  } else if (errno != EAGAIN && errno != EINTR) {
    end(::strerrordesc_np(errno));
  }
}

void Link::receive() {
  auto rest = input_.readable();
  while (!ended_) {
    auto event = engine_.next(rest, loop_.now());
    if (!event) return end(ssh::to_string(event.error()));
    if (std::holds_alternative<ssh::event::NeedMore>(*event)) break;
    if (std::holds_alternative<ssh::event::Disconnected>(*event)) return end({});
    callbacks_.on_event(*event);
  }
  input_.consume(input_.size() - rest.size());
}

void Link::flush() {
  do {
    write_output();
    if (congested_ && engine_.output().size() < ssh::limits::output_low_water) {
      congested_ = false;
      callbacks_.on_drained();  // may bring more at once: the end of a session that waited for room
    }
  } while (!ended_ && !blocked_ && !engine_.output().empty());
  choose_wants();
}

void Link::write_output() {
  auto& output = engine_.output();
  while (!ended_ && !blocked_ && !output.empty()) {
    const auto bytes = output.readable();
    const auto sent = ::write(out(), bytes.data(), bytes.size());
    if (sent >= 0) {
      output.consume(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      blocked_ = true;
    } else if (errno != EINTR) {
      end({});  // EPIPE, ECONNRESET: the daemon has gone
    }
  }
  if (output.empty()) engine_.output_taken();
}

void Link::choose_wants() {
  if (ended_) return;
  // Replies that nobody reads must not pile up (CVE-2025-26466's class).
  std::uint32_t reading =
      engine_.control_backlog() < ssh::limits::control_backlog ? std::uint32_t{EPOLLIN} : 0;
  const std::uint32_t writing = blocked_ ? std::uint32_t{EPOLLOUT} : 0;
  if (out_watch_) {
    (void)out_watch_->want(writing);
  } else {
    reading |= writing;
  }
  (void)in_watch_.want(reading);
}

void Link::end(std::string reason) {
  ended_ = true;
  reason_ = std::move(reason);
  (void)in_watch_.want(0);
  if (out_watch_) (void)out_watch_->want(0);
}

bool Link::holds_idle_buffers() noexcept {
  const auto idle = [](const ssh::ByteBuffer& buffer) { return buffer.empty() && buffer.capacity() > 0; };
  return idle(input_) || idle(engine_.output());
}

void Link::release_buffers() {
  if (input_.empty()) input_.release();
  if (engine_.output().empty()) engine_.output().release();
  (void)::malloc_trim(0);
}

}  // namespace fairlead::agent
