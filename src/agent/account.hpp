// SPDX-License-Identifier: Apache-2.0
// Account: as whom the programs of a login run. Found in the image's files from what Setup::user says.
#pragma once

#include <sys/types.h>

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::agent {

struct Account {
  std::string name;  // of the image's account; empty when the ids have none
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary, gid included
  std::string home = "/";
  std::string shell = "/bin/sh";
  // False: programs keep the agent's own ids and groups, whatever the fields say.
  bool change_ids = false;
  std::optional<gid_t> tty_group;  // of the group "tty", to which terminals are given
};

// The image's files and the ids that the agent itself has.
struct AccountFiles {
  std::string passwd, group;
  uid_t own_uid = 0;
  gid_t own_gid = 0;

  // From /etc/passwd and /etc/group.
  static AccountFiles read();
};

// `user` is a name, a uid, name:group or uid:gid with names and numbers in any mixture, as Docker understands
// it; a name wins over the same digits as a number. A uid without an account gets group 0, home "/" and
// /bin/sh. Empty: the agent's own ids. The error is a sentence for the person who logs in.
[[nodiscard]] std::expected<Account, std::string> resolve_account(std::string_view user,
                                                                  const AccountFiles& files);

}  // namespace fairlead::agent
