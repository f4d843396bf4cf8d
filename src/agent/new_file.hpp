// SPDX-License-Identifier: Apache-2.0
// A file that appears under its name complete or not at all.
#pragma once

#include "agent/account.hpp"
#include "base/file_descriptor.hpp"

#include <fairlead/ssh/bytes.hpp>

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace fairlead::agent {

class NewFile {
 public:
  // Beside the place where it will appear, under a random name; directories as in directory_walk.hpp. Errors,
  // here and below, are sentences.
  [[nodiscard]] static std::expected<NewFile, std::string> create(std::string_view path,
                                                                  const Account& owner);
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  // What has not appeared is gone.
  ~NewFile();

  // At most link::file_bytes in all.
  [[nodiscard]] std::expected<void, std::string> append(ssh::Bytes data);
  // Takes the place of whatever is there, itself and not what it links to; a directory stays and is an error.
  [[nodiscard]] std::expected<void, std::string> appear();

 private:
  NewFile(FileDescriptor directory, std::string_view name);

  FileDescriptor directory_, file_;
  std::string name_, hidden_name_;  // the second is empty once there is nothing to remove
  std::size_t size_ = 0;
};

}  // namespace fairlead::agent
