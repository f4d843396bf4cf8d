// SPDX-License-Identifier: Apache-2.0
// Records as text.
#include "agent/scp_record.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <limits>

namespace fairlead::agent::scp {
namespace {

// A number and the separator behind it, cut off the line; the last number of a line has '\0' for separator.
template <class Number>
bool take_number(std::string_view& line, Number& number, char separator, int base = 10) {
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number, base);
  if (error != std::errc{}) return false;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  if (separator == '\0') return line.empty();
  if (!line.starts_with(separator)) return false;
  line.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<FileRecord> parse_file_record(std::string_view line) {
  constexpr std::size_t mode_digits = 4;
  if (line.size() <= 1 + mode_digits || line[1 + mode_digits] != ' ' || (line[0] != 'C' && line[0] != 'D'))
    return {};
  FileRecord record;
  record.directory = line[0] == 'D';
  line.remove_prefix(1);
  const auto digits = line.substr(0, mode_digits);
  if (digits.find_first_not_of("01234567") != std::string_view::npos ||
      !take_number(line, record.mode, ' ', 8))
    return {};
  if (!take_number(line, record.size, ' ') ||
      record.size > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max()))
    return {};
  if (line.empty() || line == "." || line == ".." || line.contains('/') || line.contains('\0')) return {};
  record.name = line;
  return record;
}

std::optional<TimesRecord> parse_times_record(std::string_view line) {
  if (!line.starts_with('T')) return {};
  line.remove_prefix(1);
  TimesRecord times;
  std::uint32_t microseconds = 0;  // sent as 0, of no use
  if (!take_number(line, times.modification, ' ') || !take_number(line, microseconds, ' ') ||
      !take_number(line, times.access, ' ') || !take_number(line, microseconds, '\0') ||
      times.modification < 0 || times.access < 0)
    return {};
  return times;
}

std::string format(const FileRecord& record) {
  std::array<char, 64> head{};
  const int size =
      std::snprintf(head.data(), head.size(), "%c%04o %llu ", record.directory ? 'D' : 'C',
                    static_cast<unsigned>(record.mode), static_cast<unsigned long long>(record.size));
  std::string line(head.data(), static_cast<std::size_t>(size));
  for (const char c : record.name) {
    if (c == '\n')
      line += "\\^J";
    else
      line += c;
  }
  return line += '\n';
}

std::string format(const TimesRecord& record) {
  return 'T' + std::to_string(record.modification) + " 0 " + std::to_string(record.access) + " 0\n";
}

}  // namespace fairlead::agent::scp
