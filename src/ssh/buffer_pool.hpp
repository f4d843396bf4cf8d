// SPDX-License-Identifier: Apache-2.0
// Big buffers of this thread's connections (design section 6, lesson 7): an idle connection holds none.
#pragma once

#include "base/byte_buffer.hpp"

#include <optional>

namespace fairlead::ssh::buffer_pool {

// What a thread receives into, one connection at a time: its content is lost at the next suspension. Holds
// the longest packet and a full receive besides.
[[nodiscard]] MutableBytes receive_buffer();

// An empty buffer with room for a full output queue.
[[nodiscard]] ByteBuffer take_output();
// The same if one lies ready, else an empty buffer without memory.
[[nodiscard]] ByteBuffer take_if_ready() noexcept;
// Leaves `buffer` empty and without memory. Small ones are freed, big ones are kept for others up to a limit.
void give(ByteBuffer& buffer) noexcept;

}  // namespace fairlead::ssh::buffer_pool
