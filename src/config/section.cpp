// SPDX-License-Identifier: Apache-2.0
// Where a mapping's values are, and what is said about them.
#include "config/section.hpp"

#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fairlead::config {

std::string Findings::located(int line, const std::string& text) const {
  return line == 0 ? fmt::format("{}: {}", file, text) : fmt::format("{}:{}: {}", file, line, text);
}

void Findings::error(int line, const std::string& path, const std::string& reason) {
  errors.push_back(located(line, fmt::format("invalid configuration option: {} ({})", path, reason)));
}

void Findings::warning(int line, const std::string& path, const std::string& text) {
  warnings.push_back(located(line, fmt::format("{}: {}", path, text)));
}

Section::Section(Findings& findings, std::string path, const Node* node)
    : findings_(findings), path_(std::move(path)), node_(node) {
  if (node_ == nullptr || node_->kind == Node::Kind::map) return;
  if (node_->kind != Node::Kind::null)
    findings_.error(node_->line, path_.empty() ? "the whole file" : path_,
                    fmt::format("expected a mapping, found {}", kind_name(*node_)));
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
    const std::string text =
        meant.empty() ? "unknown key" : fmt::format("unknown key; did you mean \"{}\"?", meant);
    if (lenient_)
      findings_.warning(value.line, path_of(name), text);
    else
      findings_.error(value.line, path_of(name), text);
  }
}

std::string Section::path_of(std::string_view key) const {
  if (key.empty()) return path_;
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

const Node* Section::lookup(std::string_view key) const noexcept {
  if (node_ == nullptr) return nullptr;
  const Node* found = node_->find(key);
  if (found == nullptr && findings_.names_ignore_case)
    for (const auto& [name, value] : node_->members)
      if (equal_ignoring_case(name, key)) found = &value;
  if (found != nullptr) return found;
  const auto other = std::ranges::find(aliases_, key, &std::pair<std::string, std::string>::first);
  return other == aliases_.end() ? nullptr : node_->find(other->second);
}

int Section::line_of(std::string_view key) const noexcept {
  const Node* found = lookup(key);
  return found != nullptr ? found->line : node_ != nullptr ? node_->line : 0;
}

const Node* Section::raw(std::string_view key) {
  asked_.emplace_back(key);
  const Node* found = lookup(key);
  if (found == nullptr || found->kind == Node::Kind::null) return nullptr;
  if (!findings_.overlay) return found;
  if (is_zero(*found)) return nullptr;
  findings_.given.push_back(path_of(key));
  return found;
}

bool Section::has(std::string_view key) const noexcept {
  const Node* found = lookup(key);
  if (found == nullptr || found->kind == Node::Kind::null) return false;
  return !findings_.overlay || !is_all_zero(*found);
}

Section Section::section(std::string_view key) {
  const Node* found = raw(key);
  return {findings_, path_of(key), key == switched_ ? nullptr : found};
}

void Section::section(std::string_view key, const Body& body) {
  Section below = section(key);
  below.lenient_ = lenient_;
  body(below);
}

std::optional<bool> Section::old_switch(std::string_view key) {
  const Node* found = raw(key);
  if (found == nullptr || found->kind != Node::Kind::scalar || found->quoted) return std::nullopt;
  const auto value = parse_boolean(found->text);
  if (value) switched_ = key;
  return value;
}

bool Section::alias(std::string_view key, std::string_view other) {
  if (node_ == nullptr) return false;
  const Node* found = node_->find(other);
  asked_.emplace_back(other);
  if (found == nullptr) return false;
  if (const Node* real = lookup(key); real != nullptr && real != found)
    error(other, fmt::format("is another name of {}, which is given too", key));
  aliases_.emplace_back(key, other);
  return true;
}

void Section::error(std::string_view key, const std::string& reason) {
  if (findings_.form_only) return;
  if (!findings_.postponing) return findings_.error(line_of(key), path_of(key), reason);
  // What is not there is looked for again when the webhook has answered.
  if (!has(key)) return;
  Findings aside(findings_.file);
  aside.error(line_of(key), path_of(key), reason);
  findings_.postponed.push_back({path_of(key), std::move(aside.errors.front())});
}

void Section::warning(std::string_view key, const std::string& text) {
  findings_.warning(line_of(key), path_of(key), text);
}

void Section::deprecated(std::string_view key, const std::string& text) {
  findings_.deprecated.push_back(findings_.located(line_of(key), fmt::format("{}: {}", path_of(key), text)));
}

}  // namespace fairlead::config
