// SPDX-License-Identifier: Apache-2.0
// Lines, data and answers of the rcp protocol.
#include "agent/scp_peer.hpp"

#include "agent/file_io.hpp"
#include "base/write_all.hpp"

#include <climits>

#include <algorithm>
#include <cstring>

namespace fairlead::agent::scp {
namespace {

// The longest name with everything that stands around it.
constexpr std::size_t longest_line = PATH_MAX + 128;

}  // namespace

bool ScpPeer::fill() {
  begin_ = end_ = 0;
  const auto got = read_some(in_, {memory_.get(), capacity});
  if (got > 0) end_ = static_cast<std::size_t>(got);
  return got > 0;
}

std::optional<std::string> ScpPeer::line() {
  std::string text;
  while (text.size() <= longest_line) {
    if (begin_ == end_ && !fill()) {
      if (!text.empty()) failed_ = true;
      return {};
    }
    const auto part = ssh::as_text(waiting());
    const auto newline = part.find('\n');
    text += part.substr(0, newline);
    begin_ += std::min(newline, part.size());
    if (newline == std::string_view::npos) continue;
    ++begin_;
    return text;
  }
  (void)complain("protocol error", "line too long");
  return {};
}

bool ScpPeer::data(std::uint64_t size, const std::function<void(ssh::Bytes)>& take) {
  while (size > 0) {
    if (begin_ == end_ && !fill()) {
      failed_ = true;
      return false;
    }
    const auto part = waiting().first(std::min<std::uint64_t>(size, end_ - begin_));
    take(part);
    begin_ += part.size();
    size -= part.size();
  }
  return true;
}

Answer ScpPeer::answer() {
  std::byte kind{};
  if (!data(1, [&](ssh::Bytes byte) { kind = byte[0]; })) return Answer::over;
  if (kind == std::byte{0}) return Answer::good;
  failed_ = true;
  return kind == std::byte{1} && line() ? Answer::refused : Answer::over;
}

bool ScpPeer::send(ssh::Bytes data) {
  return write_all(out_, data);
}

bool ScpPeer::complain(std::string_view what, std::string_view why) {
  failed_ = true;
  std::string record = "\1scp: ";
  record.append(what).append(what.empty() ? "" : ": ").append(why);
  // The record ends with the first newline, wherever a name may have put it.
  std::ranges::replace(record, '\n', '?');
  return send(record + '\n');
}

bool ScpPeer::complain(std::string_view what, int error) {
  const char* text = ::strerrordesc_np(error);
  return complain(what, text == nullptr ? std::string_view("unknown error") : text);
}

}  // namespace fairlead::agent::scp
