// SPDX-License-Identifier: Apache-2.0
// The way to a directory, which is made where it is missing, past symbolic links that somebody may have laid.
#pragma once

#include "agent/account.hpp"
#include "base/file_descriptor.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace fairlead::agent {

// Opens the directory that `path` names, absolute and without "..", for *at() calls (O_PATH). Directories
// that are missing are made for `owner`, mode 0755. Symbolic links of root and of the agent's own user (an
// image's /var/run) are followed, those of others never: they may lead where their owner could not write. The
// error is a sentence.
[[nodiscard]] std::expected<FileDescriptor, std::string> open_directory(std::string_view path,
                                                                        const Account& owner);

}  // namespace fairlead::agent
