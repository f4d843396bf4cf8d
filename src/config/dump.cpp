// SPDX-License-Identifier: Apache-2.0
// The visitor that writes every value down.
#include "config/dump.hpp"

#include "config/pem.hpp"
#include "config/sections.hpp"
#include "config/values.hpp"

#include <boost/json.hpp>

namespace fairlead::config {
namespace {

namespace json = boost::json;

constexpr const char* mask = "********";

template <class List>
json::array array_of(const List& list) {
  json::array array;
  for (const auto& item : list) array.emplace_back(item);
  return array;
}

class Dump final : public Visitor {
 public:
  Dump(json::object& into, Secrets secrets) : into_(into), secrets_(secrets) {}

  using Visitor::field;
  bool field(std::string_view key, std::string& value) override { return put(key, json::string(value)); }
  bool field(std::string_view key, bool& value) override { return put(key, value); }
  bool field(std::string_view key, double& value) override { return put(key, value); }
  bool field(std::string_view key, std::int64_t& value) override { return put(key, value); }
  bool field(std::string_view key, std::vector<std::string>& value) override {
    return put(key, array_of(value));
  }
  bool field(std::string_view key, std::map<std::string, std::string>& value) override {
    json::object map;
    for (const auto& [name, text] : value) map[name] = text;
    return put(key, std::move(map));
  }
  bool field(std::string_view key, Duration& value) override {
    return put(key, json::string(to_text(value)));
  }
  bool secret(std::string_view key, std::string& value) override {
    return put(key, json::string(secrets_ == Secrets::masked && !value.empty() ? mask : value));
  }
  bool pem(std::string_view key, std::string& value) override {
    return put(key, json::string(masked(value)));
  }
  bool pems(std::string_view key, std::vector<std::string>& value) override {
    json::array array;
    for (const std::string& item : value) array.emplace_back(masked(item));
    return put(key, std::move(array));
  }
  bool size(std::string_view key, std::uint64_t& value) override { return put(key, value); }
  bool limit(std::string_view key, std::optional<std::uint64_t>& value) override {
    return value ? put(key, *value) : put(key, "none");
  }
  bool limit(std::string_view key, std::optional<double>& value) override {
    return value ? put(key, *value) : put(key, "none");
  }
  bool choice(std::string_view key, std::string& value, const Choice& /*choice*/) override {
    return field(key, value);
  }
  bool names(std::string_view key, std::vector<std::string>& value, const Names& /*names*/) override {
    return field(key, value);
  }
  bool structure(std::string_view key, json::object& value, DockerStructure structure) override {
    return put(key, to_file_layout(value, structure));
  }
  bool object(std::string_view key, json::object& value) override { return put(key, value); }
  void section(std::string_view key, const Body& body) override {
    json::object object;
    Dump below(object, secrets_);
    body(below);
    put(key, std::move(object));
  }
  std::optional<bool> old_switch(std::string_view /*key*/) override { return std::nullopt; }
  bool alias(std::string_view /*key*/, std::string_view /*other*/) override { return false; }

 private:
  bool number(std::string_view key, std::uint64_t /*max*/, std::uint64_t& value) override {
    return put(key, value);
  }
  bool put(std::string_view key, json::value value) {
    into_[key] = std::move(value);
    return false;
  }
  [[nodiscard]] std::string masked(const std::string& value) const {
    const bool hide =
        secrets_ == Secrets::masked && is_pem(value) && value.find("PRIVATE KEY") != std::string::npos;
    return hide ? mask : value;
  }

  json::object& into_;
  Secrets secrets_;
};

}  // namespace

json::object dump(const Config& config, Secrets secrets) {
  Config copy = config;
  json::object document;
  Dump visitor(document, secrets);
  describe(visitor, copy);
  return document;
}

}  // namespace fairlead::config
