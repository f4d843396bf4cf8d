// SPDX-License-Identifier: Apache-2.0
// The file of used codes.
#include "auth/used_codes.hpp"

#include "base/file_descriptor.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace fairlead::auth {
namespace {

constexpr std::string_view first_line = "fairlead used codes 1\n";
// A hundred thousand users within an hour.
constexpr std::size_t largest_file = std::size_t{32} * 1024 * 1024;

std::unexpected<std::string> failed(std::string_view what, const std::string& file) {
  return std::unexpected(fmt::format("The file of used codes {} {}: {}.", file, what, std::strerror(errno)));
}

std::unexpected<std::string> damaged() {
  return std::unexpected<std::string>("is damaged");
}

bool write_all(int descriptor, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

std::expected<UsedSteps, std::string> parse_used_steps(std::string_view text) {
  UsedSteps steps;
  if (text.empty()) return steps;
  if (!text.starts_with(first_line)) return damaged();
  text.remove_prefix(first_line.size());
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t blank = text.find(' ');
    if (end == std::string_view::npos || blank == std::string_view::npos || blank + 1 >= end)
      return damaged();
    std::uint64_t step = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + blank, step);
    if (error != std::errc() || stop != text.data() + blank) return damaged();
    if (!steps.emplace(text.substr(blank + 1, end - blank - 1), step).second) return damaged();
    text.remove_prefix(end + 1);
  }
  return steps;
}

std::string format_used_steps(const UsedSteps& steps, std::uint64_t now) {
  std::string text(first_line);
  for (const auto& [user, step] : steps)
    if (step + remembered_steps >= now) text += fmt::format("{} {}\n", step, user);
  return text;
}

std::expected<UsedSteps, std::string> load_used_steps(const std::string& file) {
  const FileDescriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (descriptor.get() < 0) {
    if (errno == ENOENT) return UsedSteps();
    return failed("cannot be read", file);
  }
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t count = ::read(descriptor.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("cannot be read", file);
    if (count == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > largest_file) break;  // and so it is damaged
  }
  auto steps = text.size() > largest_file ? damaged() : parse_used_steps(text);
  if (!steps) return std::unexpected(fmt::format("The file of used codes {} {}.", file, steps.error()));
  return steps;
}

std::expected<void, std::string> store_used_steps(const std::string& file, std::string_view text) {
  const std::string fresh = file + ".new";
  FileDescriptor descriptor(
      ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (descriptor.get() < 0) return failed("cannot be made", file);
  if (!write_all(descriptor.get(), text) || ::rename(fresh.c_str(), file.c_str()) != 0)
    return failed("cannot be written", file);
  return {};
}

}  // namespace fairlead::auth
