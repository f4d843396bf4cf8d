// SPDX-License-Identifier: Apache-2.0
// Framing: uint32 length, then so many bytes.
#include "agent/sftp_input.hpp"

#include "base/wire.hpp"

#include <cstring>

namespace fairlead::agent::sftp {

ssh::MutableBytes SftpInput::space() {
  if (begin_ == end_) begin_ = end_ = 0;
  // Moved as seldom as possible: only when the packet that has begun might not fit.
  if (capacity - begin_ < longest_packet + sizeof(std::uint32_t)) {
    std::memmove(memory_.get(), memory_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  return {memory_.get() + end_, capacity - end_};
}

std::optional<ssh::Bytes> SftpInput::next() {
  const ssh::Bytes waiting(memory_.get() + begin_, end_ - begin_);
  constexpr std::size_t length_field = sizeof(std::uint32_t);
  if (broken_ || waiting.size() < length_field) return {};
  const std::size_t length = ssh::load_u32(waiting.data());
  if (length == 0 || length > longest_packet) {
    broken_ = true;
    return {};
  }
  if (waiting.size() - length_field < length) return {};
  begin_ += length_field + length;
  return waiting.subspan(length_field, length);
}

}  // namespace fairlead::agent::sftp
