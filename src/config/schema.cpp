// SPDX-License-Identifier: Apache-2.0
// The visitor that describes what each key may hold. Every key may be null, which is the same as absent.
#include "config/dump.hpp"
#include "config/sections.hpp"
#include "config/values.hpp"

#include <boost/json.hpp>

namespace fairlead::config {
namespace {

namespace json = boost::json;

json::object of_types(std::initializer_list<json::value_ref> types) {
  json::array list(types);
  list.emplace_back("null");
  return {{"type", std::move(list)}};
}

// YAML's 1000 and true are texts where a text is wanted.
json::object any_text() {
  return of_types({"string", "number", "boolean"});
}

class Schema final : public Visitor {
 public:
  explicit Schema(json::object& properties) : properties_(properties) {}

  using Visitor::field;
  bool field(std::string_view key, std::string& value) override {
    return put(key, any_text(), json::string(value));
  }
  bool field(std::string_view key, bool& value) override { return put(key, of_types({"boolean"}), value); }
  bool field(std::string_view key, double& value) override { return put(key, of_types({"number"}), value); }
  bool field(std::string_view key, std::int64_t& value) override {
    return put(key, of_types({"integer"}), value);
  }
  bool field(std::string_view key, std::vector<std::string>& value) override {
    json::object schema = of_types({"array"});
    schema["items"] = any_text();
    return put(key, std::move(schema), json::array(value.begin(), value.end()));
  }
  bool field(std::string_view key, std::map<std::string, std::string>& value) override {
    json::object schema = of_types({"object"}), initial;
    schema["additionalProperties"] = any_text();
    for (const auto& [name, member] : value) initial[name] = member;
    return put(key, std::move(schema), std::move(initial));
  }
  bool field(std::string_view key, Duration& value) override {
    json::object schema = of_types({"string", "integer"});
    schema["pattern"] = "^([0-9]+|([0-9]+(\\.[0-9]*)?(ns|us|µs|ms|s|m|h))+)$";
    schema["minimum"] = 0;
    return put(key, std::move(schema), json::string(to_text(value)));
  }
  bool secret(std::string_view key, std::string& value) override { return field(key, value); }
  bool pem(std::string_view key, std::string& value) override { return field(key, value); }
  bool pems(std::string_view key, std::vector<std::string>& value) override { return field(key, value); }
  bool size(std::string_view key, std::uint64_t& value) override { return put(key, amount(), value); }
  bool limit(std::string_view key, std::optional<std::uint64_t>& value) override {
    return put(key, amount(), value ? json::value(*value) : json::value("none"));
  }
  bool limit(std::string_view key, std::optional<double>& value) override {
    return put(key, amount(), value ? json::value(*value) : json::value("none"));
  }
  bool choice(std::string_view key, std::string& value, const Choice& choice) override {
    json::array words{nullptr};
    for (const std::string_view word : choice.words) words.emplace_back(word);
    if (choice.numbered)
      for (std::size_t i = 0; i < choice.words.size(); ++i) words.emplace_back(i);
    // An empty text counts as absent.
    if (choice.when_empty.empty() && std::ranges::find(choice.words, "") == choice.words.end())
      words.emplace_back("");
    return put(key, {{"enum", std::move(words)}}, json::string(value));
  }
  bool names(std::string_view key, std::vector<std::string>& value, const Names& /*names*/) override {
    json::object schema = of_types({"array", "string"});
    schema["items"] = {{"type", "string"}};
    schema["minItems"] = 1;
    return put(key, std::move(schema), json::array(value.begin(), value.end()));
  }
  bool structure(std::string_view key, json::object& value, DockerStructure structure) override {
    return put(key, of_types({"object"}), to_file_layout(value, structure));
  }
  bool object(std::string_view key, json::object& value) override {
    return put(key, of_types({"object"}), value);
  }
  void section(std::string_view key, const Body& body) override {
    json::object properties;
    Schema below(properties);
    body(below);
    json::object schema = switched_ == key ? of_types({"object", "boolean"}) : of_types({"object"});
    schema["properties"] = std::move(properties);
    schema["additionalProperties"] = false;
    properties_[key] = std::move(schema);
  }
  std::optional<bool> old_switch(std::string_view key) override {
    switched_ = key;
    return std::nullopt;
  }
  bool alias(std::string_view key, std::string_view other) override {
    aliases_[std::string(key)] = other;
    return false;
  }

 private:
  bool number(std::string_view key, std::uint64_t max, std::uint64_t& value) override {
    json::object schema = of_types({"integer"});
    schema["minimum"] = 0;
    schema["maximum"] = max;
    return put(key, std::move(schema), value);
  }
  static json::object amount() {
    json::object schema = of_types({"number", "string"});
    schema["minimum"] = 0;
    return schema;
  }
  bool put(std::string_view key, json::object schema, json::value initial) {
    if (const auto other = aliases_.find(key); other != aliases_.end()) properties_[other->second] = schema;
    schema["default"] = std::move(initial);
    properties_[key] = std::move(schema);
    return false;
  }

  json::object& properties_;
  std::map<std::string, std::string, std::less<>> aliases_;  // key → other
  std::string switched_;
};

}  // namespace

json::object schema() {
  Config config;
  json::object properties;
  Schema visitor(properties);
  describe(visitor, config);
  return {{"$schema", "http://json-schema.org/draft-07/schema#"},
          {"title", "Fairlead's configuration"},
          {"type", "object"},
          {"properties", std::move(properties)},
          {"additionalProperties", false}};
}

}  // namespace fairlead::config
