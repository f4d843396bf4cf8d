// SPDX-License-Identifier: Apache-2.0
// Numbers to names, remembered.
#include "agent/id_names.hpp"

#include "agent/passwd.hpp"

namespace fairlead::agent {

const std::string& IdNames::user(uid_t uid) {
  const auto [place, is_new] = users_.try_emplace(uid);
  if (is_new) {
    if (!passwd_) passwd_ = read_account_file("/etc/passwd");
    if (auto entry = find_user(*passwd_, uid)) place->second = std::move(entry->name);
  }
  return place->second;
}

const std::string& IdNames::group(gid_t gid) {
  const auto [place, is_new] = groups_.try_emplace(gid);
  if (is_new) {
    if (!group_) group_ = read_account_file("/etc/group");
    place->second = find_group_name(*group_, gid);
  }
  return place->second;
}

}  // namespace fairlead::agent
