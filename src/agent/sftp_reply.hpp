// SPDX-License-Identifier: Apache-2.0
// SftpReply: the one answer to one request, written into the output as a packet.
#pragma once

#include "agent/sftp_attributes.hpp"
#include "agent/sftp_protocol.hpp"
#include "base/wire.hpp"

#include <functional>
#include <string_view>

namespace fairlead::agent::sftp {

// Exactly one of its writing members is called, once: the server sends a status when a handler has not.
class Reply {
 public:
  Reply(ssh::ByteBuffer& output, std::uint32_t id) : output_(output), id_(id) {}

  [[nodiscard]] bool sent() const noexcept { return sent_; }

  void status(const Status& status);
  void handle(std::uint32_t handle);
  void attributes(const Attributes& attributes);
  // SSH_FXP_NAME with one name without attributes.
  void name(std::string_view name);
  // Any other answer: `fill` writes what follows the id.
  void packet(Message type, const std::function<void(ssh::WireWriter&)>& fill);
  // SSH_FXP_DATA of at most `longest` bytes, filled in place: `fill` returns how many, or a negative number
  // and then nothing is sent.
  void data(std::size_t longest, const std::function<std::int64_t(ssh::MutableBytes)>& fill);

 private:
  ssh::ByteBuffer& output_;
  std::uint32_t id_;
  bool sent_ = false;
};

}  // namespace fairlead::agent::sftp
