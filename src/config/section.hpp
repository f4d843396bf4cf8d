// SPDX-License-Identifier: Apache-2.0
// The visitor that reads documents: knows path and line, collects every mistake, reports keys nobody asked
// for.
#pragma once

#include "config/config.hpp"
#include "config/node.hpp"
#include "config/visitor.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fairlead::config {

// What is wrong and what is odd about one document, and by which rules it is read.
struct Findings {
  explicit Findings(std::string file_name) : file(std::move(file_name)) {}

  // "FILE:LINE: invalid configuration option: PATH (REASON)"
  void error(int line, const std::string& path, const std::string& reason);
  void warning(int line, const std::string& path, const std::string& text);
  [[nodiscard]] std::string located(int line, const std::string& text) const;

  std::string file;
  bool names_ignore_case = false;  // JSON (core.md section 9.3)
  // Of the configuration webhook (core.md section 2.5): zero values count as absent, maps are merged, and no
  // files are looked at.
  bool overlay = false;
  bool form_only = false;  // only what no value of the key can be is an error
  // Values that cannot stay are kept in `postponed`: the webhook may replace them.
  bool postponing = false;
  std::vector<std::string> errors, warnings, deprecated;
  std::vector<PostponedError> postponed;
  std::vector<std::string> given;  // with `overlay`: paths of what was not zero
};

// One mapping. A key that is absent or null leaves the target alone, so defaults stay where nothing is
// written; a value of the wrong type is reported and leaves it alone too. The destructor reports the keys
// that were never asked for.
class Section final : public Visitor {
 public:
  // `node` may be null (the section is absent); it and `findings` outlive this object.
  Section(Findings& findings, std::string path, const Node* node);
  Section(const Section&) = delete;
  Section& operator=(const Section&) = delete;
  ~Section() override;

  using Visitor::field;
  bool field(std::string_view key, std::string& value) override;
  bool field(std::string_view key, bool& value) override;
  bool field(std::string_view key, double& value) override;
  bool field(std::string_view key, std::int64_t& value) override;
  bool field(std::string_view key, std::vector<std::string>& value) override;
  bool field(std::string_view key, std::map<std::string, std::string>& value) override;
  bool field(std::string_view key, Duration& value) override;
  bool secret(std::string_view key, std::string& value) override { return field(key, value); }
  bool pem(std::string_view key, std::string& value) override { return field(key, value); }
  bool pems(std::string_view key, std::vector<std::string>& value) override { return field(key, value); }
  bool size(std::string_view key, std::uint64_t& value) override;
  bool limit(std::string_view key, std::optional<std::uint64_t>& value) override;
  bool limit(std::string_view key, std::optional<double>& value) override;
  bool choice(std::string_view key, std::string& value, const Choice& choice) override;
  bool names(std::string_view key, std::vector<std::string>& value, const Names& names) override;
  bool structure(std::string_view key, boost::json::object& value, DockerStructure structure) override;
  bool object(std::string_view key, boost::json::object& value) override;
  void section(std::string_view key, const Body& body) override;
  std::optional<bool> old_switch(std::string_view key) override;
  bool alias(std::string_view key, std::string_view other) override;
  [[nodiscard]] bool has(std::string_view key) const noexcept override;
  [[nodiscard]] bool checks() const noexcept override { return true; }
  [[nodiscard]] bool checks_files() const noexcept override { return !findings_.overlay; }
  void lenient_in_json() override { lenient_ = findings_.names_ignore_case; }
  void postpone_errors(bool postponed) override { findings_.postponing = postponed; }
  // All three name the line of the key, or of the section when the key is absent.
  void error(std::string_view key, const std::string& reason) override;
  void warning(std::string_view key, const std::string& text) override;
  void deprecated(std::string_view key, const std::string& text) override;

  // A mapping below this one; present() is false when it is not there.
  [[nodiscard]] Section section(std::string_view key);
  // Any value, unread: null when absent or null.
  [[nodiscard]] const Node* raw(std::string_view key);
  // Everything below this section is accepted without being looked at.
  void accept_all() noexcept { accept_all_ = true; }

  [[nodiscard]] bool present() const noexcept { return node_ != nullptr; }
  [[nodiscard]] const Node* node() const noexcept { return node_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string path_of(std::string_view key) const;
  [[nodiscard]] Findings& findings() noexcept { return findings_; }

 private:
  bool number(std::string_view key, std::uint64_t max, std::uint64_t& value) override;
  [[nodiscard]] const Node* lookup(std::string_view key) const noexcept;
  [[nodiscard]] int line_of(std::string_view key) const noexcept;
  [[nodiscard]] const Node* scalar(std::string_view key, const char* wanted);
  // A value that cannot be read at all.
  bool mistake(std::string_view key, const char* wanted, const Node& found);
  template <class T>
  bool parsed(std::string_view key, const char* wanted, const std::optional<T>& from, T& value);

  Findings& findings_;
  std::string path_;
  const Node* node_;
  std::vector<std::string> asked_;
  std::vector<std::pair<std::string, std::string>> aliases_;  // of → other
  std::string switched_;  // the key that holds a boolean instead of a mapping
  bool accept_all_ = false, lenient_ = false;
};

}  // namespace fairlead::config
