// SPDX-License-Identifier: Apache-2.0
// The records of the rcp protocol: "C0644 12 name", "D0755 0 name", "E", "T1700000000 0 1700000000 0".
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fairlead::agent::scp {

struct FileRecord {
  bool directory = false;
  mode_t mode = 0;  // permission bits
  std::uint64_t size = 0;
  std::string name;
};

struct TimesRecord {
  std::int64_t modification = 0, access = 0;  // seconds since 1970
};

// "C…" and "D…". Empty when it is malformed, or when the name is no name of a file in a directory: empty,
// ".",
// "..", or with a slash (CVE-2018-20685, CVE-2019-6111 were about such names, on the other side).
[[nodiscard]] std::optional<FileRecord> parse_file_record(std::string_view line);
[[nodiscard]] std::optional<TimesRecord> parse_times_record(std::string_view line);

// With the newline at the end. A newline in the name becomes "\^J", as in OpenSSH.
[[nodiscard]] std::string format(const FileRecord& record);
[[nodiscard]] std::string format(const TimesRecord& record);

}  // namespace fairlead::agent::scp
