// SPDX-License-Identifier: Apache-2.0
// Node trees into Engine API bodies, by the tables of docker_schema.
#include "config/docker_structures.hpp"

#include "config/docker_schema.hpp"
#include "config/section.hpp"
#include "config/values.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace fairlead::config {
namespace {

namespace json = boost::json;
using Fields = std::span<const DockerField>;

class Reader {
 public:
  explicit Reader(Findings& findings) : findings_(findings) {}

  json::object object(const std::string& path, const Node& node, Fields fields) {
    json::object result;
    if (!is(path, node, Node::Kind::map, "a mapping")) return result;
    for (const auto& [name, value] : node.members) {
      const std::string below = fmt::format("{}.{}", path, name);
      const DockerField* field = find(fields, name);
      if (field == nullptr && equal_ignoring_case(name, "resources") &&
          find(fields, "CpuShares") != nullptr) {
        // ContainerSSH's YAML layout: the limits in a mapping of their own.
        for (const auto& limit : object(below, value, fields)) result[limit.key()] = limit.value();
      } else if (field == nullptr) {
        unknown(below, name, value, fields);
      } else if (value.kind != Node::Kind::null && !(findings_.overlay && is_zero(value))) {
        json::value member = read(below, value, *field);
        const bool nothing = member.is_object() && member.get_object().empty();
        if (!nothing || !findings_.overlay) result[field->name] = std::move(member);
      }
    }
    return result;
  }

 private:
  static const DockerField* find(Fields fields, std::string_view name) noexcept {
    const auto is_name = [name](const DockerField& field) {
      if (equal_ignoring_case(field.name, name)) return true;
      // YAML spells os.version and os.features without the dot.
      return field.name.starts_with("os.") && name.size() > 2 &&
             equal_ignoring_case(name.substr(0, 2), "os") &&
             equal_ignoring_case(field.name.substr(3), name.substr(2));
    };
    const auto field = std::ranges::find_if(fields, is_name);
    return field == fields.end() ? nullptr : &*field;
  }

  void unknown(const std::string& path, const std::string& name, const Node& value, Fields fields) {
    std::vector<std::string> known;
    for (const DockerField& field : fields) known.emplace_back(field.name);
    const std::string_view meant = closest(name, known);
    findings_.warning(
        value.line, path,
        meant.empty() ? "unknown to the Docker Engine and ignored"
                      : fmt::format("unknown to the Docker Engine and ignored; did you mean \"{}\"?", meant));
  }

  bool is(const std::string& path, const Node& node, Node::Kind kind, std::string_view wanted) {
    if (node.kind != kind) findings_.error(node.line, path, fmt::format("expected {}", wanted));
    return node.kind == kind;
  }

  json::value read(const std::string& path, const Node& node, const DockerField& field) {
    using enum DockerField::Type;
    switch (field.type) {
      case text:
      case boolean:
      case number:
      case bytes:
      case duration:
        return scalar(path, node, field.type);
      case texts:
        return list(path, node, [&](const std::string& at, const Node& n) { return scalar(at, n, text); });
      case numbers:
        return list(path, node, [&](const std::string& at, const Node& n) { return scalar(at, n, number); });
      case text_lists:
        return list(path, node,
                    [&](const std::string& at, const Node& n) { return read(at, n, {"", texts, {}}); });
      case text_map:
        return map(path, node, [&](const std::string& at, const Node& n) { return scalar(at, n, text); });
      case names:
        return map(path, node, [](const std::string&, const Node&) -> json::value { return json::object(); });
      case object:
        return this->object(path, node, field.fields);
      case objects:
        return list(path, node, [&](const std::string& at, const Node& n) {
          return json::value(this->object(at, n, field.fields));
        });
      case object_map:
        return map(path, node, [&](const std::string& at, const Node& n) {
          return json::value(this->object(at, n, field.fields));
        });
      case object_list_map:
        return map(path, node, [&](const std::string& at, const Node& n) {
          return read(at, n, {"", objects, field.fields});
        });
    }
    return nullptr;
  }

  json::value scalar(const std::string& path, const Node& node, DockerField::Type type) {
    using enum DockerField::Type;
    // The value of a variable or label may be left empty.
    if (type == text && node.kind == Node::Kind::null) return json::value("");
    if (!is(path, node, Node::Kind::scalar, "a value")) return nullptr;
    if (type == text) return json::value(node.text);
    if (type == boolean) {
      if (const auto value = parse_boolean(node.text)) return *value;
      return mistake(path, node, "true or false");
    }
    if (const auto value = parse_signed(node.text)) return *value;
    if (type == bytes)
      if (const auto value = parse_size(node.text)) return static_cast<std::int64_t>(*value);
    if (type == duration)
      if (const auto value = parse_duration(node.text)) return value->count();
    return mistake(path, node, type == duration ? "a duration such as 30s" : "a whole number");
  }

  json::value mistake(const std::string& path, const Node& node, const char* wanted) {
    findings_.error(node.line, path, fmt::format("expected {}, found \"{}\"", wanted, node.text));
    return nullptr;
  }

  template <class Item>
  json::value list(const std::string& path, const Node& node, Item item) {
    json::array result;
    if (!is(path, node, Node::Kind::list, "a list")) return result;
    for (const Node& value : node.items)
      result.push_back(item(fmt::format("{}[{}]", path, result.size()), value));
    return result;
  }

  template <class Item>
  json::value map(const std::string& path, const Node& node, Item item) {
    json::object result;
    if (!is(path, node, Node::Kind::map, "a mapping")) return result;
    for (const auto& [name, value] : node.members)
      result[name] = item(fmt::format("{}.{}", path, name), value);
    return result;
  }

  Findings& findings_;
};

void merge(json::object& into, const json::object& given, Fields fields) {
  using enum DockerField::Type;
  for (const auto& member : given) {
    const auto field = std::ranges::find(fields, std::string_view(member.key()), &DockerField::name);
    json::value& target = into[member.key()];
    if (!target.is_object() || !member.value().is_object() || field == fields.end())
      target = member.value();
    else if (field->type == object)
      merge(target.get_object(), member.value().get_object(), field->fields);
    else
      for (const auto& entry : member.value().get_object()) target.get_object()[entry.key()] = entry.value();
  }
}

std::string file_name(std::string_view name) {
  std::string lower;
  for (const char c : name)
    if (c != '.') lower.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  return lower;
}

json::value file_layout(const json::value& value, const DockerField& field);

json::object file_layout(const json::object& value, Fields fields) {
  json::object result, resources;
  // The table of `host` ends with them.
  const auto first_resource = std::ranges::find(fields, "CpuShares", &DockerField::name);
  for (const auto& member : value) {
    const auto field = std::ranges::find(fields, std::string_view(member.key()), &DockerField::name);
    if (field == fields.end()) continue;
    (field < first_resource ? result : resources)[file_name(field->name)] =
        file_layout(member.value(), *field);
  }
  if (!resources.empty()) result["resources"] = std::move(resources);
  return result;
}

json::value file_layout(const json::value& value, const DockerField& field) {
  using enum DockerField::Type;
  if (field.type == object && value.is_object()) return file_layout(value.get_object(), field.fields);
  const bool list = field.type == objects && value.is_array();
  const bool map = (field.type == object_map || field.type == object_list_map) && value.is_object();
  if (list) {
    json::array result;
    for (const auto& item : value.get_array())
      result.push_back(file_layout(item, {"", object, field.fields}));
    return result;
  }
  if (!map) return value;
  json::object result;
  const DockerField below{"", field.type == object_map ? object : objects, field.fields};
  for (const auto& member : value.get_object()) result[member.key()] = file_layout(member.value(), below);
  return result;
}

}  // namespace

json::object to_file_layout(const json::object& value, DockerStructure structure) {
  return file_layout(value, docker_fields(structure));
}

void merge_docker_structure(json::object& into, const json::object& given, DockerStructure structure) {
  merge(into, given, docker_fields(structure));
}

json::object docker_structure(Findings& findings, const std::string& path, const Node& node,
                              DockerStructure structure) {
  return Reader(findings).object(path, node, docker_fields(structure));
}

}  // namespace fairlead::config
