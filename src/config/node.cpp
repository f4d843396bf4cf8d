// SPDX-License-Identifier: Apache-2.0
// Looking up members, and reading a file whole.
#include "config/node.hpp"

#include "config/values.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace fairlead::config {

const Node* Node::find(std::string_view name) const noexcept {
  const auto member = std::ranges::find(members, name, &Member::name);
  return member == members.end() ? nullptr : &member->value;
}

const char* kind_name(const Node& node) noexcept {
  switch (node.kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::scalar:
      return node.quoted ? "a text" : "a value";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a mapping";
  }
  return "something else";
}

bool is_zero(const Node& node) noexcept {
  if (node.kind != Node::Kind::scalar) return node.items.empty() && node.members.empty();
  if (node.quoted) return node.text.empty();
  return node.text.empty() || node.text == "false" || parse_real(node.text) == 0.0;
}

bool is_all_zero(const Node& node) noexcept {
  if (node.kind != Node::Kind::map) return is_zero(node);
  return std::ranges::all_of(node.members,
                             [](const Node::Member& member) { return is_all_zero(member.value); });
}

std::expected<std::string, std::string> read_text_file(const std::string& file) {
  const auto fail = [&file](const char* reason) {
    return std::unexpected(fmt::format("{}: cannot be read: {}", file, reason));
  };
  // Not blocking: a FIFO in place of a file must not hang the start.
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return fail(std::strerror(errno));
  struct stat status{};
  std::string text;
  const char* reason = nullptr;
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) reason = "not a regular file";
  while (reason == nullptr) {
    constexpr std::size_t step = 65536;
    const std::size_t size = text.size();
    text.resize(size + step);
    const ssize_t count = ::read(descriptor, text.data() + size, step);
    text.resize(size + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0) break;
    if (count < 0 && errno != EINTR) reason = std::strerror(errno);
    if (text.size() > max_document_bytes) reason = "the file is too large";
  }
  ::close(descriptor);
  if (reason != nullptr) return fail(reason);
  return text;
}

}  // namespace fairlead::config
