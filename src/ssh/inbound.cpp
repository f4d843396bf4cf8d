// SPDX-License-Identifier: Apache-2.0
// Runs of bytes of one kind.
#include "ssh/inbound.hpp"

#include "ssh/buffer_pool.hpp"

#include <fairlead/ssh/limits.hpp>

#include <algorithm>
#include <cstring>

namespace fairlead::ssh {
namespace {
// Less is a keystroke: a small buffer of its own will do.
constexpr std::size_t bulk = 4096;
static_assert(limits::largest_window < (std::uint32_t{1} << 31));
}  // namespace

void Inbound::add(StreamType type, Bytes data) {
  if (data.empty()) return;
  if (bytes_.capacity() == 0 && data.size() >= bulk) bytes_ = buffer_pool::take_if_ready();
  bytes_.append(data);
  const auto size = static_cast<std::uint32_t>(data.size()) & 0x7fffffffu;
  if (first_run_ < runs_.size() && runs_.back().type() == type)
    runs_.back().size = (runs_.back().size + size) & 0x7fffffffu;
  else
    runs_.push_back(Run{type == StreamType::stderr_ ? 1u : 0u, size});
}

Chunk Inbound::take(MutableBytes to) {
  if (bytes_.empty()) return {};
  Run& run = runs_[first_run_];
  const std::size_t size = std::min<std::size_t>(run.size, to.size());
  if (size == 0) return {};
  const Chunk chunk{size, run.type()};
  std::memcpy(to.data(), bytes_.readable().data(), size);
  bytes_.consume(size);
  run.size = (run.size - static_cast<std::uint32_t>(size)) & 0x7fffffffu;
  if (run.size == 0) ++first_run_;
  if (bytes_.empty()) release();
  return chunk;
}

std::size_t Inbound::drop() noexcept {
  const std::size_t dropped = bytes_.size();
  release();
  return dropped;
}

void Inbound::release() noexcept {
  buffer_pool::give(bytes_);
  first_run_ = 0;
  if (runs_.capacity() > 16)
    std::vector<Run>().swap(runs_);
  else
    runs_.clear();
}

}  // namespace fairlead::ssh
