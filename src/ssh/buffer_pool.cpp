// SPDX-License-Identifier: Apache-2.0
// The per-thread pool of buffers.
#include "ssh/buffer_pool.hpp"

#include <fairlead/ssh/limits.hpp>

#include <exception>
#include <memory>
#include <utility>
#include <vector>

namespace fairlead::ssh::buffer_pool {
namespace {

// One packet that is kept from the last receive, with length, padding and tag, and 256 KiB that come now.
constexpr std::size_t receive_size = 2 * limits::packet_length + 4096;
// A writer may start a last quantum right below the high mark.
constexpr std::size_t output_size = limits::output_high_water + std::size_t{4} * limits::channel_packet;
// Less is cheap to allocate; more than the biggest stays with nobody.
constexpr std::size_t smallest = std::size_t{16} * 1024;
constexpr std::size_t biggest = std::size_t{1024} * 1024;
// Buffers that wait for use: connections that are busy at the same time on one core.
constexpr std::size_t kept = 8;

std::vector<ByteBuffer>& pool() {
  thread_local std::vector<ByteBuffer> buffers;
  return buffers;
}

}  // namespace

MutableBytes receive_buffer() {
  thread_local const std::unique_ptr<std::byte[]> memory(new std::byte[receive_size]);
  return {memory.get(), receive_size};
}

ByteBuffer take_output() {
  ByteBuffer buffer = take_if_ready();
  (void)buffer.prepare(output_size);
  return buffer;
}

ByteBuffer take_if_ready() noexcept {
  if (pool().empty()) return {};
  ByteBuffer buffer = std::move(pool().back());
  pool().pop_back();
  return buffer;
}

void give(ByteBuffer& buffer) noexcept {
  ByteBuffer given = std::move(buffer);
  if (given.capacity() < smallest || given.capacity() > biggest || pool().size() == kept) return;
  given.clear();
  try {
    pool().push_back(std::move(given));
  } catch (const std::exception&) {
    return;  // then it is freed
  }
}

}  // namespace fairlead::ssh::buffer_pool
