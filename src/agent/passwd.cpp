// SPDX-License-Identifier: Apache-2.0
// Line by line, field by field, without copies until a line matches.
#include "agent/passwd.hpp"

#include "agent/limits.hpp"
#include "base/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

namespace fairlead::agent {
namespace {

// Cuts off the part before the first `separator`; what is left stays in `text`.
std::string_view take(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const auto part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return part;
}

// False unless the line has exactly that many fields.
template <std::size_t count>
bool split(std::string_view line, std::array<std::string_view, count>& fields) {
  if (std::ranges::count(line, ':') != static_cast<std::ptrdiff_t>(count) - 1) return false;
  for (auto& field : fields) field = take(line, ':');
  return true;
}

template <class Matches>
std::optional<PasswdEntry> find_entry(std::string_view passwd, Matches matches) {
  while (!passwd.empty()) {
    std::array<std::string_view, 7> fields;  // name:password:uid:gid:comment:home:shell
    if (!split(take(passwd, '\n'), fields) || fields[0].empty()) continue;
    const auto uid = parse_id(fields[2]);
    const auto gid = parse_id(fields[3]);
    if (!uid || !gid || !matches(fields[0], *uid)) continue;
    return PasswdEntry{std::string(fields[0]), *uid, *gid, std::string(fields[5]), std::string(fields[6])};
  }
  return {};
}

// Calls back with name, id and members of each group until it returns true.
template <class Visit>
void each_group(std::string_view group, Visit visit) {
  while (!group.empty()) {
    std::array<std::string_view, 4> fields;  // name:password:gid:members
    if (!split(take(group, '\n'), fields)) continue;
    const auto gid = parse_id(fields[2]);
    if (gid && visit(fields[0], *gid, fields[3])) return;
  }
}

bool lists(std::string_view members, std::string_view user) {
  while (!members.empty())
    if (take(members, ',') == user) return true;
  return false;
}

}  // namespace

std::optional<std::uint32_t> parse_id(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == UINT32_MAX) return {};
  return value;
}

std::optional<PasswdEntry> find_user(std::string_view passwd, std::string_view name) {
  return find_entry(passwd, [name](std::string_view found, uid_t) { return found == name; });
}

std::optional<PasswdEntry> find_user(std::string_view passwd, uid_t uid) {
  return find_entry(passwd, [uid](std::string_view, uid_t found) { return found == uid; });
}

std::optional<gid_t> find_group(std::string_view group, std::string_view name) {
  std::optional<gid_t> found;
  each_group(group, [&](std::string_view entry, gid_t gid, std::string_view) {
    if (entry == name && !name.empty()) found = gid;
    return found.has_value();
  });
  return found;
}

std::string find_group_name(std::string_view group, gid_t gid) {
  std::string found;
  each_group(group, [&](std::string_view name, gid_t entry, std::string_view) {
    if (entry == gid) found = name;
    return !found.empty();
  });
  return found;
}

std::vector<gid_t> groups_of(std::string_view group, std::string_view user) {
  std::vector<gid_t> found;
  if (user.empty()) return found;
  each_group(group, [&](std::string_view, gid_t gid, std::string_view members) {
    if (lists(members, user) && std::ranges::find(found, gid) == found.end()) found.push_back(gid);
    return found.size() == limits::supplementary_groups;
  });
  return found;
}

std::string read_account_file(const char* path) {
  // O_NONBLOCK: a FIFO in the image must not hold the agent.
  const FileDescriptor file(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  std::string text;
  std::array<char, 4096> part;
  while (text.size() < limits::account_file) {
    const auto got =
        ::read(file.get(), part.data(), std::min(part.size(), limits::account_file - text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(part.data(), static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace fairlead::agent
