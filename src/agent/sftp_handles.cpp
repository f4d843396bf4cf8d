// SPDX-License-Identifier: Apache-2.0
// Handles are slot numbers, four bytes on the wire.
#include "agent/sftp_handles.hpp"

#include "base/wire.hpp"

#include <utility>

namespace fairlead::agent::sftp {

std::optional<std::size_t> Handles::free_slot() const noexcept {
  for (std::size_t i = 0; i < items_.size(); ++i)
    if (std::holds_alternative<std::monostate>(items_[i])) return i;
  return {};
}

std::uint32_t Handles::add(Item item) {
  const auto slot = *free_slot();
  items_[slot] = std::move(item);
  return static_cast<std::uint32_t>(slot);
}

const Handles::Item* Handles::find(ssh::Bytes handle) const {
  if (handle.size() != sizeof(std::uint32_t)) return nullptr;
  const auto slot = ssh::load_u32(handle.data());
  if (slot >= items_.size() || std::holds_alternative<std::monostate>(items_[slot])) return nullptr;
  return &items_[slot];
}

int Handles::file(ssh::Bytes handle) const {
  const auto* item = find(handle);
  const auto* file = item == nullptr ? nullptr : std::get_if<FileDescriptor>(item);
  return file == nullptr ? -1 : file->get();
}

DIR* Handles::directory(ssh::Bytes handle) const {
  const auto* item = find(handle);
  const auto* directory = item == nullptr ? nullptr : std::get_if<Directory>(item);
  return directory == nullptr ? nullptr : directory->get();
}

std::optional<Handles::Item> Handles::take(ssh::Bytes handle) {
  if (find(handle) == nullptr) return {};
  return std::exchange(items_[ssh::load_u32(handle.data())], Item{});
}

}  // namespace fairlead::agent::sftp
