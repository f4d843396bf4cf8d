// SPDX-License-Identifier: Apache-2.0
// The columns of `ls -l`.
#include "agent/long_name.hpp"

#include <array>
#include <cstdint>

namespace fairlead::agent {
namespace {

// ls(1): within the last six months.
constexpr std::time_t recent = std::time_t{365} * 24 * 60 * 60 / 2;

char type_letter(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return 'd';
    case S_IFLNK:
      return 'l';
    case S_IFCHR:
      return 'c';
    case S_IFBLK:
      return 'b';
    case S_IFIFO:
      return 'p';
    case S_IFSOCK:
      return 's';
    default:
      return '-';
  }
}

void pad(std::string& line, std::size_t column_start, std::size_t width) {
  if (line.size() < column_start + width) line.append(column_start + width - line.size(), ' ');
}

void add_left(std::string& line, std::string_view text, std::size_t width) {
  const auto start = line.size();
  line += text;
  pad(line, start, width);
  line += ' ';
}

void add_right(std::string& line, const std::string& text, std::size_t width) {
  if (text.size() < width) line.append(width - text.size(), ' ');
  line.append(text).append(1, ' ');
}

std::string name_or_number(const std::string& name, std::uint32_t number) {
  return name.empty() ? std::to_string(number) : name;
}

std::string time_text(std::time_t time, std::time_t now) {
  std::tm parts{};
  if (::localtime_r(&time, &parts) == nullptr) return std::to_string(time);
  const bool with_clock = time <= now && now - time < recent;
  std::array<char, 64> text{};
  const auto size = std::strftime(text.data(), text.size(), with_clock ? "%b %e %H:%M" : "%b %e  %Y", &parts);
  return {text.data(), size};
}

}  // namespace

std::string mode_letters(mode_t mode) {
  std::string letters(1, type_letter(mode));
  constexpr std::string_view rwx = "rwx";
  for (int bit = 8; bit >= 0; --bit)
    letters += (mode >> bit & 1) != 0 ? rwx[static_cast<std::size_t>(8 - bit) % 3] : '-';
  const auto special = [&](mode_t bit, std::size_t place, char letter) {
    if ((mode & bit) == 0) return;
    // Capital: set without the right to execute.
    letters[place] = letters[place] == 'x' ? letter : static_cast<char>(letter - 'a' + 'A');
  };
  special(S_ISUID, 3, 's');
  special(S_ISGID, 6, 's');
  special(S_ISVTX, 9, 't');
  return letters;
}

std::string long_name(std::string_view name, const struct stat& status, IdNames& names, std::time_t now) {
  constexpr std::size_t links_width = 4, owner_width = 8, size_width = 8;
  std::string line = mode_letters(status.st_mode) + ' ';
  add_right(line, std::to_string(status.st_nlink), links_width);
  add_left(line, name_or_number(names.user(status.st_uid), status.st_uid), owner_width);
  add_left(line, name_or_number(names.group(status.st_gid), status.st_gid), owner_width);
  add_right(line, std::to_string(status.st_size), size_width);
  return line.append(time_text(status.st_mtime, now)).append(1, ' ').append(name);
}

}  // namespace fairlead::agent
