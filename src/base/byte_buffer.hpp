// SPDX-License-Identifier: Apache-2.0
// A growing queue of bytes: written at the end, read at the front, compacted lazily.
//
//   storage: [ consumed | readable | prepared | free ]
//              begin_───┘          └─── end_
#pragma once

#include <fairlead/ssh/bytes.hpp>

#include <cstddef>
#include <memory>

namespace fairlead::ssh {

// Memory from prepare() is not initialised. Spans die with the next non-const call.
class ByteBuffer {
 public:
  ByteBuffer() = default;
  ByteBuffer(ByteBuffer&& other) noexcept;
  ByteBuffer& operator=(ByteBuffer&& other) noexcept;

  [[nodiscard]] MutableBytes readable() noexcept { return {data() + begin_, end_ - begin_}; }
  [[nodiscard]] Bytes readable() const noexcept { return {data() + begin_, end_ - begin_}; }
  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

  // `size` writable bytes behind the readable ones; they become readable with commit().
  [[nodiscard]] MutableBytes prepare(std::size_t size);
  void commit(std::size_t size) noexcept { end_ += size; }
  void append(Bytes bytes);
  void consume(std::size_t size) noexcept;

  void clear() noexcept { begin_ = end_ = 0; }
  // Gives all memory back. Only when empty().
  void release() noexcept;

 private:
  [[nodiscard]] std::byte* data() const noexcept { return storage_.get(); }

  std::unique_ptr<std::byte[]> storage_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace fairlead::ssh
