// SPDX-License-Identifier: Apache-2.0
// Link: the engine of the connection to the daemon on its descriptors. Nothing here blocks.
//
//   in ─► read ─► Engine::next() ─► on_event        sessions ─► Engine ─► output() ─► write ─► out (once per
//   turn)
#pragma once

#include "agent/event_loop.hpp"
#include "base/byte_buffer.hpp"
#include "base/file_descriptor.hpp"
#include "link/descriptor_channel.hpp"
#include "protocol/engine.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace fairlead::agent {

// One stream socket, or two pipes.
struct LinkDescriptors {
  FileDescriptor in;
  FileDescriptor out = {};  // empty: `in` in both directions
  link::DescriptorReceiver data_sockets = {};
};

class Link {
 public:
  struct Callbacks {
    std::function<void(ssh::EngineEvent&)> on_event;
    std::function<void()> on_drained;  // congested() has become false
  };

  Link(EventLoop& loop, LinkDescriptors descriptors, Callbacks callbacks);

  // False when the descriptors cannot be watched.
  [[nodiscard]] bool start();

  [[nodiscard]] ssh::Engine& engine() noexcept { return engine_; }
  [[nodiscard]] link::DescriptorReceiver& data_sockets() noexcept { return data_sockets_; }
  // Programs are not read while so much waits for the daemon.
  [[nodiscard]] bool congested() const noexcept { return congested_; }
  // To be asked before more data is sent; remembers the answer, so that on_drained is owed.
  [[nodiscard]] bool becomes_congested() noexcept;
  // Writes what the turn has brought. Call it once per turn of the loop.
  void flush();
  // Idle: gives the buffers of busy times back.
  void release_buffers();
  [[nodiscard]] bool holds_idle_buffers() noexcept;

  // The peer is gone, or what it sent cannot be understood.
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  // Why, for the log; empty after an orderly end.
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

 private:
  void on_readable();
  void receive();
  void write_output();
  void choose_wants();
  void end(std::string reason);
  [[nodiscard]] int out() const noexcept { return out_ ? out_.get() : in_.get(); }

  EventLoop& loop_;
  FileDescriptor in_, out_;
  link::DescriptorReceiver data_sockets_;
  Callbacks callbacks_;
  ssh::Engine engine_;
  ssh::ByteBuffer input_;
  EventLoop::Watch in_watch_;
  std::optional<EventLoop::Watch> out_watch_;
  bool congested_ = false;
  bool blocked_ = false;  // the descriptor takes nothing now
  bool ended_ = false;
  std::string reason_;
};

}  // namespace fairlead::agent
