// SPDX-License-Identifier: Apache-2.0
// IdNames: the names of users and groups by number, from the image's files, each file read once and each
// number looked up once.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace fairlead::agent {

class IdNames {
 public:
  // Empty when the number has no name.
  [[nodiscard]] const std::string& user(uid_t uid);
  [[nodiscard]] const std::string& group(gid_t gid);

 private:
  std::optional<std::string> passwd_, group_;
  std::map<std::uint32_t, std::string> users_, groups_;
};

}  // namespace fairlead::agent
