// SPDX-License-Identifier: Apache-2.0
// Line by line to the peer's identification, within bounds.
#include "protocol/version_exchange.hpp"

#include <fairlead/ssh/limits.hpp>

#include <algorithm>

namespace fairlead::ssh {

namespace {

constexpr std::string_view prefix = "SSH-";

bool may_become_identification(std::string_view line) noexcept {
  return line.starts_with(prefix.substr(0, line.size()));
}

}  // namespace

Result<bool> VersionExchange::receive(MutableBytes& input) {
  while (true) {
    const std::string_view text = as_text(input);
    const std::size_t end = text.find('\n', scanned_);
    if (end == std::string_view::npos) {
      scanned_ = text.size();
      const auto length = check_length(text.size(), text);
      if (!length) return std::unexpected(length.error());
      return false;
    }
    const auto length = check_length(end + 1, text.substr(0, end));
    if (!length) return std::unexpected(length.error());
    const auto finished = on_line(text.substr(0, end));
    if (!finished) return finished;
    input = input.subspan(end + 1);
    scanned_ = 0;
    if (*finished) return true;
  }
}

Result<> VersionExchange::check_length(std::size_t size, std::string_view beginning) const {
  if (may_become_identification(beginning)) {
    if (size > limits::identification_line) return failure(Errc::bad_identification, "too long");
    return {};
  }
  // ID-3: a client that does not begin with SSH- is no SSH client; do not wait for its line to end.
  if (!lines_before_) return failure(Errc::bad_identification, "does not begin with SSH-");
  if (size > limits::line_before_identification || bytes_ + size > limits::bytes_before_identification)
    return failure(Errc::bad_identification, "too much before it");
  return {};
}

Result<bool> VersionExchange::on_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.find('\0') != std::string_view::npos) return failure(Errc::bad_identification, "NUL in it");
  if (!line.starts_with(prefix)) {
    bytes_ += line.size() + 2;
    if (!lines_before_ || ++lines_ > limits::lines_before_identification)
      return failure(Errc::bad_identification, "too many lines before it");
    return false;
  }
  if (line.find('\r') != std::string_view::npos) return failure(Errc::bad_identification, "CR within it");
  // RFC 4253 section 5.1: 1.99 is a server that would also speak SSH-1.
  if (!line.starts_with("SSH-2.0-") && !line.starts_with("SSH-1.99-"))
    return failure(Errc::bad_identification, "protocol version is not 2.0");
  peer_ = line;
  return true;
}

Result<> check_identification(std::string_view identification) {
  constexpr std::string_view version = "SSH-2.0-";
  const auto fault = [](const char* what) { return failure(Errc::bad_identification, what); };
  if (!identification.starts_with(version)) return fault("ours does not begin with SSH-2.0-");
  if (identification.size() + 2 > limits::identification_line) return fault("ours is over 253 characters");
  const std::string_view rest = identification.substr(version.size());
  const std::string_view software = rest.substr(0, rest.find(' '));
  if (software.empty()) return fault("ours names no software behind SSH-2.0-");
  if (software.find('-') != std::string_view::npos)
    return fault("ours has a minus sign in the name of the software");
  if (!std::ranges::all_of(rest, [](char c) { return c >= ' ' && c <= '~'; }))
    return fault("ours has a character that is not printable US-ASCII");
  return {};
}

}  // namespace fairlead::ssh
