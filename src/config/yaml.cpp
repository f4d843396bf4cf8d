// SPDX-License-Identifier: Apache-2.0
// YAML into a Node tree: duplicate keys refused, merge keys resolved, aliases copied within the document's
// bounds.
#include "base/utf8.hpp"
#include "config/node.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace fairlead::config {
namespace {

// Ends the conversion; caught in parse_yaml().
struct Refused {
  int line;
  std::string reason;
};

// What is not UTF-8 could be neither logged nor dumped. yaml-cpp lets it pass.
void check_encoding(std::string_view text, int line) {
  while (!text.empty()) {
    const std::size_t size = ssh::decode_utf8(text).size;
    if (size == 0) throw Refused{line, "a text that is no UTF-8"};
    text.remove_prefix(size);
  }
}

class Converter {
 public:
  Node convert(const YAML::Node& yaml, int depth) {
    const int line = yaml.Mark().line + 1;
    if (depth > max_document_depth) throw Refused{line, "nested too deeply"};
    if (++nodes_ > max_document_nodes) throw Refused{line, "too many values"};
    Node node;
    node.line = line;
    switch (yaml.Type()) {
      case YAML::NodeType::Scalar:
        scalar(yaml, node);
        break;
      case YAML::NodeType::Sequence:
        list(yaml, node, depth);
        break;
      case YAML::NodeType::Map:
        map(yaml, node, depth);
        break;
      case YAML::NodeType::Null:
      case YAML::NodeType::Undefined:
        break;
    }
    return node;
  }

 private:
  static void scalar(const YAML::Node& yaml, Node& node) {
    node.text = yaml.Scalar();
    check_encoding(node.text, node.line);
    node.quoted = yaml.Tag() == "!" || yaml.Tag() == "tag:yaml.org,2002:str";
    const bool null = node.text.empty() || node.text == "~" || node.text == "null" || node.text == "Null" ||
                      node.text == "NULL";
    node.kind = null && !node.quoted ? Node::Kind::null : Node::Kind::scalar;
  }

  void list(const YAML::Node& yaml, Node& node, int depth) {
    node.kind = Node::Kind::list;
    for (const auto& item : yaml) node.items.push_back(convert(item, depth + 1));
  }

  void map(const YAML::Node& yaml, Node& node, int depth) {
    node.kind = Node::Kind::map;
    std::vector<Node> merged;
    for (const auto& member : yaml) {
      const int line = member.first.Mark().line + 1;
      if (!member.first.IsScalar()) throw Refused{line, "a key must be a text"};
      const std::string& name = member.first.Scalar();
      check_encoding(name, line);
      if (name == "<<" && member.first.Tag() != "!") {
        merged.push_back(convert(member.second, depth + 1));
        continue;
      }
      if (node.find(name) != nullptr) throw Refused{line, fmt::format("key \"{}\" is given twice", name)};
      Node value = convert(member.second, depth + 1);
      value.line = line;  // of the key: a block value starts on the next line
      node.members.emplace_back(name, std::move(value));
    }
    for (Node& source : merged) merge(node, source);
  }

  // YAML 1.1's merge key: what the mapping itself says wins, then the first source that says it.
  static void merge(Node& node, Node& source) {
    if (source.kind == Node::Kind::list) {
      for (Node& item : source.items) merge(node, item);
      return;
    }
    if (source.kind != Node::Kind::map) throw Refused{source.line, "\"<<\" needs a mapping"};
    for (auto& [name, value] : source.members)
      if (node.find(name) == nullptr) node.members.emplace_back(name, std::move(value));
  }

  std::size_t nodes_ = 0;
};

std::unexpected<std::vector<std::string>> refuse(const std::string& name, int line,
                                                 const std::string& reason) {
  return std::unexpected(std::vector{fmt::format("{}:{}: {}", name, line, reason)});
}

}  // namespace

std::expected<Node, std::vector<std::string>> parse_yaml(std::string_view text, const std::string& name) {
  if (text.size() > max_document_bytes) return refuse(name, 1, "the file is too large");
  try {
    const YAML::Node yaml = YAML::Load(std::string(text));
    if (!yaml.IsDefined() || yaml.IsNull()) return refuse(name, 1, "the file is empty");
    return Converter().convert(yaml, 0);
  } catch (const Refused& refused) {
    return refuse(name, refused.line, refused.reason);
  } catch (const YAML::Exception& error) {
    return refuse(name, error.mark.line + 1, fmt::format("not YAML: {}", error.msg));
  }
}

}  // namespace fairlead::config
