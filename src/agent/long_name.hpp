// SPDX-License-Identifier: Apache-2.0
// A file as a line of `ls -l`, for people; SFTP clients print it as it is.
#pragma once

#include "agent/id_names.hpp"

#include <sys/stat.h>

#include <ctime>
#include <string>
#include <string_view>

namespace fairlead::agent {

// "drwxr-xr-x", with the letters for set-id and sticky bits.
[[nodiscard]] std::string mode_letters(mode_t mode);
// `now` decides between time of day and year.
[[nodiscard]] std::string long_name(std::string_view name, const struct stat& status, IdNames& names,
                                    std::time_t now);

}  // namespace fairlead::agent
