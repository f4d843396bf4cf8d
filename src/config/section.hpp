// SPDX-License-Identifier: Apache-2.0
// Typed reading of a document's mappings: knows path and line, collects every mistake, reports keys nobody
// asked for.
#pragma once

#include "config/config.hpp"
#include "config/node.hpp"

#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::config {

// What is wrong and what is odd about one document.
struct Findings {
  explicit Findings(std::string file_name) : file(std::move(file_name)) {}

  // "FILE:LINE: invalid configuration option: PATH (REASON)"
  void error(int line, const std::string& path, const std::string& reason);
  void warning(int line, const std::string& path, const std::string& text);

  std::string file;
  bool names_ignore_case = false;  // JSON (core.md section 9.3)
  // Of the configuration webhook (core.md section 2.5): zero values count as absent, maps are merged.
  bool overlay = false;
  std::vector<std::string> errors, warnings;
};

// One mapping. Reading a key that is absent or null leaves the target alone, so defaults stay where nothing
// is written; a value of the wrong type is reported and leaves it alone too. The destructor reports the keys
// that were never asked for.
class Section {
 public:
  // `node` may be null (the section is absent); it and `findings` outlive this object.
  Section(Findings& findings, std::string path, const Node* node);
  Section(const Section&) = delete;
  Section& operator=(const Section&) = delete;
  ~Section();

  // The readers tell whether there was a value of the right type.
  bool read(std::string_view key, std::string& value);
  bool read(std::string_view key, bool& value);
  bool read(std::string_view key, double& value);
  bool read(std::string_view key, std::vector<std::string>& value);
  bool read(std::string_view key, std::map<std::string, std::string>& value);
  template <std::unsigned_integral T>
  bool read(std::string_view key, T& value) {
    std::uint64_t wide = 0;
    if (!read_number(key, std::numeric_limits<T>::max(), wide)) return false;
    value = static_cast<T>(wide);
    return true;
  }
  // "1m30s"; a plain number counts nanoseconds.
  bool read_duration(std::string_view key, Duration& value);
  // "512M", "1GiB"; a plain number counts bytes.
  bool read_size(std::string_view key, std::uint64_t& value);
  // One of `choices`.
  bool read_choice(std::string_view key, std::string& value, std::span<const std::string_view> choices);
  // "none" and 0 mean no limit.
  void read_limit(std::string_view key, std::optional<std::uint64_t>& value);

  // A mapping below this one; present() is false when it is not there.
  [[nodiscard]] Section section(std::string_view key);
  // Any value, unread: null when absent or null.
  [[nodiscard]] const Node* raw(std::string_view key);
  // Whatever this key holds is accepted without being looked at.
  void skip(std::string_view key) { asked_.emplace_back(key); }
  // Everything below this section is accepted without being looked at.
  void accept_all() noexcept { accept_all_ = true; }

  [[nodiscard]] bool present() const noexcept { return node_ != nullptr; }
  [[nodiscard]] bool has(std::string_view key) const noexcept;
  [[nodiscard]] const Node* node() const noexcept { return node_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string path_of(std::string_view key) const;
  // Both name the line of the key, or of the section when the key is absent.
  void error(std::string_view key, const std::string& reason);
  void warning(std::string_view key, const std::string& text);
  [[nodiscard]] Findings& findings() noexcept { return findings_; }

 private:
  [[nodiscard]] const Node* lookup(std::string_view key) const noexcept;
  [[nodiscard]] const Node* scalar(std::string_view key, const char* wanted);
  bool read_number(std::string_view key, std::uint64_t max, std::uint64_t& value);

  Findings& findings_;
  std::string path_;
  const Node* node_;
  std::vector<std::string> asked_;
  bool accept_all_ = false;
};

}  // namespace fairlead::config
