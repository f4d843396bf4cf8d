// SPDX-License-Identifier: Apache-2.0
// Names and numbers to an account, after the rules of Docker's --user.
#include "agent/account.hpp"

#include "agent/passwd.hpp"

#include <unistd.h>

#include <algorithm>

namespace fairlead::agent {
namespace {

// What a sentence may repeat of a name that came over the link.
std::string quoted(std::string_view name) {
  std::string text = "\"";
  for (const char c : name.substr(0, 64)) text += c < ' ' || c > '~' || c == '"' ? '?' : c;
  return text + '"';
}

void take_entry(Account& account, const PasswdEntry& entry) {
  account.name = entry.name;
  account.uid = entry.uid;
  account.gid = entry.gid;
  if (entry.home.starts_with('/')) account.home = entry.home;
  if (entry.shell.starts_with('/')) account.shell = entry.shell;
}

void take_groups(Account& account, std::string_view group_file) {
  account.groups = groups_of(group_file, account.name);
  if (std::ranges::find(account.groups, account.gid) == account.groups.end())
    account.groups.push_back(account.gid);
}

Account own_account(const AccountFiles& files) {
  Account account;
  if (const auto entry = find_user(files.passwd, files.own_uid)) take_entry(account, *entry);
  account.uid = files.own_uid;
  account.gid = files.own_gid;
  return account;
}

std::expected<Account, std::string> named_account(std::string_view name, const AccountFiles& files) {
  Account account;
  const auto id = parse_id(name);
  auto entry = find_user(files.passwd, name);
  if (!entry && id) entry = find_user(files.passwd, uid_t{*id});
  if (!entry && !id) return std::unexpected("There is no user " + quoted(name) + " in this box.");
  if (entry)
    take_entry(account, *entry);
  else
    account.uid = *id;
  return account;
}

}  // namespace

AccountFiles AccountFiles::read() {
  return {read_account_file("/etc/passwd"), read_account_file("/etc/group"), ::geteuid(), ::getegid()};
}

std::expected<Account, std::string> resolve_account(std::string_view user, const AccountFiles& files) {
  const auto tty_group = find_group(files.group, "tty");
  if (user.empty()) {
    auto account = own_account(files);
    account.tty_group = tty_group;
    return account;
  }
  const auto colon = user.find(':');
  auto account = named_account(user.substr(0, colon), files);
  if (!account) return account;
  if (colon == std::string_view::npos) {
    take_groups(*account, files.group);
  } else {
    const auto group = user.substr(colon + 1);
    auto gid = find_group(files.group, group);
    if (!gid) gid = parse_id(group);
    if (!gid) return std::unexpected("There is no group " + quoted(group) + " in this box.");
    account->gid = *gid;
    account->groups = {*gid};
  }
  account->tty_group = tty_group;
  account->change_ids = files.own_uid == 0 || account->uid != files.own_uid || account->gid != files.own_gid;
  if (files.own_uid != 0 && account->change_ids)
    return std::unexpected("This box runs as user id " + std::to_string(files.own_uid) +
                           " and cannot start programs as " + quoted(user) + ".");
  return account;
}

}  // namespace fairlead::agent
