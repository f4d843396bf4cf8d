// SPDX-License-Identifier: Apache-2.0
// Memory that is wiped before it is given back, and comparison that takes the same time whatever differs.
#pragma once

#include <fairlead/ssh/bytes.hpp>

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

// Overwrites memory in a way the compiler does not remove.
void wipe(MutableBytes memory) noexcept;

// Equal lengths are compared in time that depends on the length only.
[[nodiscard]] bool constant_time_equal(Bytes a, Bytes b) noexcept;

template <class T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <class U>
  explicit WipingAllocator(const WipingAllocator<U>&) noexcept {}
  T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* memory, std::size_t count) noexcept {
    wipe({reinterpret_cast<std::byte*>(memory), count * sizeof(T)});
    std::allocator<T>().deallocate(memory, count);
  }
  template <class U>
  bool operator==(const WipingAllocator<U>&) const noexcept {
    return true;
  }
};

// Key material, passwords. Has no formatter and no stream operator on purpose.
using SecretBytes = std::vector<std::byte, WipingAllocator<std::byte>>;

inline SecretBytes to_secret(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}
inline SecretBytes to_secret(std::string_view text) {
  return to_secret(as_bytes(text));
}

}  // namespace fairlead::ssh
