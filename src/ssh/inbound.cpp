// SPDX-License-Identifier: Apache-2.0
// Runs of bytes of one kind, in two buffers that take turns.
#include "ssh/inbound.hpp"

#include "ssh/buffer_pool.hpp"

#include <fairlead/ssh/limits.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace fairlead::ssh {
namespace {
// Less is a keystroke: a small buffer of its own will do.
constexpr std::size_t bulk = 4096;
constexpr std::uint32_t size_bits = 0x7fffffffu;
static_assert(limits::largest_window <= size_bits);
}  // namespace

void Inbound::add(StreamType type, Bytes data) {
  if (data.empty()) return;
  // Its run first: without memory, no bytes may be left that belong to none (TH-7).
  auto& runs = back_.runs;
  if (runs.empty() || runs.back().type() != type)
    runs.push_back(Run{type == StreamType::stderr_ ? 1u : 0u, 0});
  if (back_.bytes.capacity() == 0 && data.size() >= bulk) back_.bytes = buffer_pool::take_if_ready();
  back_.bytes.append(data);
  runs.back().size = (runs.back().size + static_cast<std::uint32_t>(data.size())) & size_bits;
}

View Inbound::view() {
  if (front_.bytes.empty()) std::swap(front_, back_);
  if (front_.bytes.empty()) return {};
  const Run run = front_.runs[front_.first_run];
  return {front_.bytes.readable().first(run.size), run.type()};
}

void Inbound::consume(std::size_t size) {
  if (size == 0) return;
  Run& run = front_.runs[front_.first_run];
  front_.bytes.consume(size);
  run.size = (run.size - static_cast<std::uint32_t>(size)) & size_bits;
  if (run.size == 0) ++front_.first_run;
  if (front_.bytes.empty()) front_.release();
}

Chunk Inbound::take(MutableBytes to) {
  const View oldest = view();
  const std::size_t size = std::min(oldest.data.size(), to.size());
  if (size == 0) return {};
  std::memcpy(to.data(), oldest.data.data(), size);
  consume(size);
  return {size, oldest.type};
}

void Inbound::Half::release() noexcept {
  buffer_pool::give(bytes);
  first_run = 0;
  if (runs.capacity() > 16)
    std::vector<Run>().swap(runs);
  else
    runs.clear();
}

}  // namespace fairlead::ssh
