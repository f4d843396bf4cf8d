// SPDX-License-Identifier: Apache-2.0
// The table of open files and directories that the client names by handle.
#pragma once

#include "agent/sftp_protocol.hpp"
#include "base/file_descriptor.hpp"

#include <fairlead/ssh/bytes.hpp>

#include <dirent.h>

#include <array>
#include <memory>
#include <optional>
#include <variant>

namespace fairlead::agent::sftp {

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

class Handles {
 public:
  using Item = std::variant<std::monostate, FileDescriptor, Directory>;

  [[nodiscard]] bool full() const noexcept { return !free_slot(); }
  // Only when not full().
  std::uint32_t add(Item item);
  // -1, nullptr when the bytes are not the handle of a file, of a directory.
  [[nodiscard]] int file(ssh::Bytes handle) const;
  [[nodiscard]] DIR* directory(ssh::Bytes handle) const;
  // Empty when there is no such handle; the slot is free afterwards.
  [[nodiscard]] std::optional<Item> take(ssh::Bytes handle);

 private:
  [[nodiscard]] std::optional<std::size_t> free_slot() const noexcept;
  [[nodiscard]] const Item* find(ssh::Bytes handle) const;

  std::array<Item, handles> items_;
};

}  // namespace fairlead::agent::sftp
