// SPDX-License-Identifier: Apache-2.0
// Typed reading with complete messages.
#include "config/section.hpp"

#include "config/values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace fairlead::config {
namespace {

const char* describe(const Node& node) {
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

std::string located(const Findings& findings, int line, const std::string& text) {
  if (line == 0) return fmt::format("{}: {}", findings.file, text);
  return fmt::format("{}:{}: {}", findings.file, line, text);
}

}  // namespace

void Findings::error(int line, const std::string& path, const std::string& reason) {
  errors.push_back(located(*this, line, fmt::format("invalid configuration option: {} ({})", path, reason)));
}

void Findings::warning(int line, const std::string& path, const std::string& text) {
  warnings.push_back(located(*this, line, fmt::format("{}: {}", path, text)));
}

Section::Section(Findings& findings, std::string path, const Node* node)
    : findings_(findings), path_(std::move(path)), node_(node) {
  if (node_ == nullptr || node_->kind == Node::Kind::map) return;
  if (node_->kind != Node::Kind::null)
    findings_.error(node_->line, path_.empty() ? "the whole file" : path_,
                    fmt::format("expected a mapping, found {}", describe(*node_)));
  node_ = nullptr;
}

Section::~Section() {
  if (node_ == nullptr || accept_all_) return;
  for (const auto& [name, value] : node_->members) {
    const auto is_name = [&](const std::string& asked) {
      return asked == name || (findings_.names_ignore_case && equal_ignoring_case(asked, name));
    };
    if (std::ranges::any_of(asked_, is_name)) continue;
    const std::string_view meant = closest(name, asked_);
    findings_.error(value.line, path_of(name),
                    meant.empty() ? "unknown key" : fmt::format("unknown key; did you mean \"{}\"?", meant));
  }
}

std::string Section::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

const Node* Section::lookup(std::string_view key) const noexcept {
  if (node_ == nullptr) return nullptr;
  const Node* found = node_->find(key);
  if (found == nullptr && findings_.names_ignore_case)
    for (const auto& [name, value] : node_->members)
      if (equal_ignoring_case(name, key)) found = &value;
  return found;
}

const Node* Section::raw(std::string_view key) {
  asked_.emplace_back(key);
  const Node* found = lookup(key);
  if (found == nullptr || found->kind == Node::Kind::null) return nullptr;
  return findings_.overlay && is_zero(*found) ? nullptr : found;
}

bool Section::has(std::string_view key) const noexcept {
  const Node* found = lookup(key);
  return found != nullptr && found->kind != Node::Kind::null;
}

Section Section::section(std::string_view key) {
  return {findings_, path_of(key), raw(key)};
}

void Section::error(std::string_view key, const std::string& reason) {
  const Node* found = lookup(key);
  const int line = found != nullptr ? found->line : node_ != nullptr ? node_->line : 0;
  findings_.error(line, path_of(key), reason);
}

void Section::warning(std::string_view key, const std::string& text) {
  const Node* found = lookup(key);
  const int line = found != nullptr ? found->line : node_ != nullptr ? node_->line : 0;
  findings_.warning(line, path_of(key), text);
}

const Node* Section::scalar(std::string_view key, const char* wanted) {
  const Node* found = raw(key);
  if (found == nullptr || found->kind == Node::Kind::scalar) return found;
  error(key, fmt::format("expected {}, found {}", wanted, describe(*found)));
  return nullptr;
}

bool Section::read(std::string_view key, std::string& value) {
  const Node* found = scalar(key, "a text");
  if (found != nullptr) value = found->text;
  return found != nullptr;
}

bool Section::read(std::string_view key, bool& value) {
  const Node* found = scalar(key, "true or false");
  if (found == nullptr) return false;
  const auto parsed = found->quoted ? std::nullopt : parse_boolean(found->text);
  if (!parsed) error(key, fmt::format("expected true or false, found \"{}\"", found->text));
  if (parsed) value = *parsed;
  return parsed.has_value();
}

bool Section::read(std::string_view key, double& value) {
  const Node* found = scalar(key, "a number");
  if (found == nullptr) return false;
  const auto parsed = parse_real(found->text);
  if (!parsed) error(key, fmt::format("expected a number, found \"{}\"", found->text));
  if (parsed) value = *parsed;
  return parsed.has_value();
}

bool Section::read(std::string_view key, std::vector<std::string>& value) {
  const Node* found = raw(key);
  if (found == nullptr) return false;
  if (found->kind != Node::Kind::list) {
    error(key, fmt::format("expected a list, found {}", describe(*found)));
    return false;
  }
  std::vector<std::string> items;
  for (const Node& item : found->items) {
    if (item.kind != Node::Kind::scalar) {
      findings_.error(item.line, fmt::format("{}[{}]", path_of(key), items.size()),
                      fmt::format("expected a text, found {}", describe(item)));
      return false;
    }
    items.push_back(item.text);
  }
  value = std::move(items);
  return true;
}

bool Section::read(std::string_view key, std::map<std::string, std::string>& value) {
  const Node* found = raw(key);
  if (found == nullptr) return false;
  if (found->kind != Node::Kind::map) {
    error(key, fmt::format("expected a mapping, found {}", describe(*found)));
    return false;
  }
  std::map<std::string, std::string> members;
  for (const auto& [name, member] : found->members) {
    if (member.kind != Node::Kind::scalar && member.kind != Node::Kind::null) {
      findings_.error(member.line, fmt::format("{}.{}", path_of(key), name),
                      fmt::format("expected a text, found {}", describe(member)));
      return false;
    }
    members[name] = member.text;
  }
  if (findings_.overlay)
    for (auto& [name, text] : value) members.try_emplace(name, std::move(text));
  value = std::move(members);
  return true;
}

bool Section::read_number(std::string_view key, std::uint64_t max, std::uint64_t& value) {
  const Node* found = scalar(key, "a number");
  if (found == nullptr) return false;
  const auto parsed = parse_unsigned(found->text);
  const bool fits = parsed && *parsed <= max;
  if (!fits) error(key, fmt::format("expected a whole number from 0 to {}, found \"{}\"", max, found->text));
  if (fits) value = *parsed;
  return fits;
}

bool Section::read_duration(std::string_view key, Duration& value) {
  const Node* found = scalar(key, "a duration");
  if (found == nullptr) return false;
  const auto parsed = parse_duration(found->text);
  if (!parsed) error(key, fmt::format("expected a duration such as 1m30s, found \"{}\"", found->text));
  if (parsed == Duration(0) && findings_.overlay) return false;
  if (parsed) value = *parsed;
  return parsed.has_value();
}

bool Section::read_size(std::string_view key, std::uint64_t& value) {
  const Node* found = scalar(key, "a size");
  if (found == nullptr) return false;
  const auto parsed = parse_size(found->text);
  if (!parsed) error(key, fmt::format("expected a size such as 512M, found \"{}\"", found->text));
  if (parsed) value = *parsed;
  return parsed.has_value();
}

bool Section::read_choice(std::string_view key, std::string& value,
                          std::span<const std::string_view> choices) {
  const Node* found = scalar(key, "a text");
  if (found == nullptr) return false;
  if (std::ranges::find(choices, found->text) == choices.end()) {
    error(key, fmt::format("expected one of {}, found \"{}\"", fmt::join(choices, ", "), found->text));
    return false;
  }
  value = found->text;
  return true;
}

void Section::read_limit(std::string_view key, std::optional<std::uint64_t>& value) {
  if (const Node* found = lookup(key); found != nullptr && found->text == "none" && !found->quoted) {
    asked_.emplace_back(key);
    value.reset();
    return;
  }
  std::uint64_t size = 0;
  if (!read_size(key, size)) return;
  value = size == 0 ? std::nullopt : std::optional(size);
}

}  // namespace fairlead::config
