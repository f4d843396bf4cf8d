// SPDX-License-Identifier: Apache-2.0
// Growth and compaction of ByteBuffer.
#include "base/byte_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace fairlead::ssh {

ByteBuffer::ByteBuffer(ByteBuffer&& other) noexcept
    : storage_(std::move(other.storage_)),
      capacity_(std::exchange(other.capacity_, 0)),
      begin_(std::exchange(other.begin_, 0)),
      end_(std::exchange(other.end_, 0)) {}

ByteBuffer& ByteBuffer::operator=(ByteBuffer&& other) noexcept {
  storage_ = std::move(other.storage_);
  capacity_ = std::exchange(other.capacity_, 0);
  begin_ = std::exchange(other.begin_, 0);
  end_ = std::exchange(other.end_, 0);
  return *this;
}

MutableBytes ByteBuffer::prepare(std::size_t size) {
  if (capacity_ - end_ >= size) return {data() + end_, size};
  const std::size_t held = end_ - begin_;
  // Move to the front only when at least half of the space is dead: else a slow reader makes every write a
  // copy.
  if (capacity_ - held >= size && begin_ >= capacity_ / 2) {
    std::memmove(data(), data() + begin_, held);
  } else {
    const std::size_t grown = std::max({held + size, capacity_ + capacity_ / 2, std::size_t{512}});
    std::unique_ptr<std::byte[]> larger(new std::byte[grown]);
    if (held > 0) std::memcpy(larger.get(), data() + begin_, held);
    storage_ = std::move(larger);
    capacity_ = grown;
  }
  begin_ = 0;
  end_ = held;
  return {data() + end_, size};
}

void ByteBuffer::append(Bytes bytes) {
  if (bytes.empty()) return;
  std::memcpy(prepare(bytes.size()).data(), bytes.data(), bytes.size());
  commit(bytes.size());
}

void ByteBuffer::consume(std::size_t size) noexcept {
  begin_ += size;
  if (begin_ == end_) begin_ = end_ = 0;
}

void ByteBuffer::release() noexcept {
  storage_.reset();
  capacity_ = begin_ = end_ = 0;
}

}  // namespace fairlead::ssh
