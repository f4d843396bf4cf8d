// SPDX-License-Identifier: Apache-2.0
// The one description of each section of the configuration is a function that shows its fields to a visitor.
// The reader, the dump and the JSON Schema are visitors, so that every key is written once (sections.hpp).
#pragma once

#include "config/docker_structures.hpp"
#include "config/duration.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::config {

// One of some words.
struct Choice {
  std::span<const std::string_view> words;
  std::string_view noun = {};        // of ContainerSSH's message "invalid NOUN: X"
  bool numbered = false;             // the index of a word stands for it, too
  std::string_view when_empty = {};  // why an empty text that is no word is refused; "": it counts as absent
};

// A list of names, or one text with colons between them; each has one or more spellings.
struct Names {
  std::string_view noun;
  // The spelling that is kept; empty for a name that is not known.
  std::string_view (*canonical)(std::string_view);
};

// Stands in one mapping. What shows a value tells whether a document is being read that gives one of the
// right type, which then is in `value`; a visitor that only looks says no. Hence checks that follow such an
// answer are made for documents alone.
class Visitor {
 public:
  using Body = std::function<void(Visitor&)>;
  virtual ~Visitor() = default;

  virtual bool field(std::string_view key, std::string& value) = 0;
  virtual bool field(std::string_view key, bool& value) = 0;
  virtual bool field(std::string_view key, double& value) = 0;
  virtual bool field(std::string_view key, std::int64_t& value) = 0;
  virtual bool field(std::string_view key, std::vector<std::string>& value) = 0;
  virtual bool field(std::string_view key, std::map<std::string, std::string>& value) = 0;
  // "1m30s"; a plain number counts nanoseconds.
  virtual bool field(std::string_view key, Duration& value) = 0;
  bool field(std::string_view key, std::uint64_t& value);
  bool field(std::string_view key, unsigned& value);
  bool field(std::string_view key, std::uint16_t& value);
  // Not shown to others without being asked to.
  virtual bool secret(std::string_view key, std::string& value) = 0;
  // File names or PEM texts, which are secret when they hold private keys.
  virtual bool pem(std::string_view key, std::string& value) = 0;
  virtual bool pems(std::string_view key, std::vector<std::string>& value) = 0;
  // "512M", "1GiB"; a plain number counts bytes.
  virtual bool size(std::string_view key, std::uint64_t& value) = 0;
  // "none" and 0 mean no limit.
  virtual bool limit(std::string_view key, std::optional<std::uint64_t>& value) = 0;
  virtual bool limit(std::string_view key, std::optional<double>& value) = 0;
  virtual bool choice(std::string_view key, std::string& value, const Choice& choice) = 0;
  virtual bool names(std::string_view key, std::vector<std::string>& value, const Names& names) = 0;
  virtual bool structure(std::string_view key, boost::json::object& value, DockerStructure structure) = 0;
  // Any mapping at all.
  virtual bool object(std::string_view key, boost::json::object& value) = 0;
  // A mapping below this one.
  virtual void section(std::string_view key, const Body& body) = 0;
  // ContainerSSH 0.4 had a boolean where the mapping `key` stands now. Comes before the mapping.
  virtual std::optional<bool> old_switch(std::string_view key) = 0;
  // `other` is read like `key`, which comes after it. Whether it is used.
  virtual bool alias(std::string_view key, std::string_view other) = 0;

  // What follows has an effect on readers of documents alone.
  [[nodiscard]] virtual bool has(std::string_view /*key*/) const noexcept { return false; }
  // Whether values have to be complete here; files may be looked at.
  [[nodiscard]] virtual bool checks() const noexcept { return false; }
  [[nodiscard]] virtual bool checks_files() const noexcept { return false; }
  // Unknown keys in this mapping and below are no errors in JSON (services.md section 0.4).
  virtual void lenient_in_json() {}
  // Whether mistakes wait until the configuration webhook has answered, here and below.
  virtual void postpone_errors(bool /*postponed*/) {}
  // An empty key is the mapping itself.
  virtual void error(std::string_view /*key*/, const std::string& /*reason*/) {}
  virtual void warning(std::string_view /*key*/, const std::string& /*text*/) {}
  // A ContainerSSH 0.4 form: the sentence shows the new one.
  virtual void deprecated(std::string_view /*key*/, const std::string& /*text*/) {}

 protected:
  virtual bool number(std::string_view key, std::uint64_t max, std::uint64_t& value) = 0;
};

}  // namespace fairlead::config
