// SPDX-License-Identifier: Apache-2.0
// JSON into a Node tree. The text goes through Boost's streaming parser line by line, which is how the nodes
// learn theirs.
#include "config/node.hpp"
#include "config/values.hpp"

#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace fairlead::config {
namespace {

using boost::json::error_code;
using boost::json::string_view;

// What basic_parser calls. Containers under construction are on a stack; each closes into the one below it.
struct Builder {
  static constexpr std::size_t max_object_size = max_document_nodes;
  static constexpr std::size_t max_array_size = max_document_nodes;
  static constexpr std::size_t max_key_size = 4096;
  static constexpr std::size_t max_string_size = max_document_bytes;

  struct Open {
    Node node;
    std::string key;  // of the member being read
    int key_line = 0;
  };
  std::vector<Open> stack{1};  // the bottom is a list that receives the document
  std::string text;
  int line = 1;

  Node& document() { return stack.front().node.items.front(); }

  bool add(Node node) {
    Open& open = stack.back();
    if (stack.size() == 1 || open.node.kind == Node::Kind::list) {
      open.node.items.push_back(std::move(node));
      return true;
    }
    node.line = open.key_line;
    std::erase_if(open.node.members, [&](const auto& member) { return member.name == open.key; });
    open.node.members.emplace_back(std::move(open.key), std::move(node));
    open.key.clear();
    return true;
  }
  bool scalar(std::string value, bool quoted) {
    Node node;
    node.kind = Node::Kind::scalar;
    node.line = line;
    node.text = std::move(value);
    node.quoted = quoted;
    return add(std::move(node));
  }
  bool open_container(Node::Kind kind) {
    Open open;
    open.node.kind = kind;
    open.node.line = line;
    stack.push_back(std::move(open));
    return true;
  }
  bool close_container() {
    Node node = std::move(stack.back().node);
    stack.pop_back();
    return add(std::move(node));
  }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return open_container(Node::Kind::map); }
  bool on_object_end(std::size_t, error_code&) { return close_container(); }
  bool on_array_begin(error_code&) { return open_container(Node::Kind::list); }
  bool on_array_end(std::size_t, error_code&) { return close_container(); }
  bool on_key_part(string_view part, std::size_t, error_code&) {
    stack.back().key.append(part.data(), part.size());
    return true;
  }
  bool on_key(string_view part, std::size_t, error_code& error) {
    stack.back().key_line = line;
    return on_key_part(part, 0, error);
  }
  bool on_string_part(string_view part, std::size_t, error_code&) {
    text.append(part.data(), part.size());
    return true;
  }
  bool on_string(string_view part, std::size_t, error_code& error) {
    on_string_part(part, 0, error);
    return scalar(std::exchange(text, {}), true);
  }
  bool on_number_part(string_view part, error_code&) {
    text.append(part.data(), part.size());
    return true;
  }
  // The text of a number is kept as it was written.
  bool number(string_view part) {
    text.append(part.data(), part.size());
    return scalar(std::exchange(text, {}), false);
  }
  bool on_int64(std::int64_t, string_view part, error_code&) { return number(part); }
  bool on_uint64(std::uint64_t, string_view part, error_code&) { return number(part); }
  bool on_double(double, string_view part, error_code&) { return number(part); }
  bool on_bool(bool value, error_code&) { return scalar(value ? "true" : "false", false); }
  bool on_null(error_code&) {
    Node node;
    node.line = line;
    return add(std::move(node));
  }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }
};

Node scalar_node(std::string text, bool quoted) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = std::move(text);
  node.quoted = quoted;
  return node;
}

}  // namespace

Node to_node(const boost::json::value& value) {
  if (const auto* text = value.if_string()) return scalar_node(std::string(*text), true);
  Node node;
  if (const auto* object = value.if_object()) {
    node.kind = Node::Kind::map;
    for (const auto& member : *object)
      node.members.emplace_back(std::string(member.key()), to_node(member.value()));
  } else if (const auto* array = value.if_array()) {
    node.kind = Node::Kind::list;
    for (const auto& item : *array) node.items.push_back(to_node(item));
  } else if (!value.is_null()) {
    return scalar_node(boost::json::serialize(value), false);
  }
  return node;
}

boost::json::value to_json(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return nullptr;
    case Node::Kind::list: {
      boost::json::array array;
      for (const Node& item : node.items) array.push_back(to_json(item));
      return array;
    }
    case Node::Kind::map: {
      boost::json::object object;
      for (const auto& [name, value] : node.members) object[name] = to_json(value);
      return object;
    }
    case Node::Kind::scalar:
      break;
  }
  if (node.quoted) return boost::json::string(node.text);
  if (node.text == "true" || node.text == "false") return node.text == "true";
  if (const auto whole = parse_signed(node.text)) return *whole;
  if (const auto real = parse_real(node.text)) return *real;
  return boost::json::string(node.text);
}

std::expected<Node, std::vector<std::string>> parse_json(std::string_view text, const std::string& name) {
  const auto refuse = [&name](int line, const std::string& reason) {
    return std::unexpected(std::vector{fmt::format("{}:{}: {}", name, line, reason)});
  };
  if (text.size() > max_document_bytes) return refuse(1, "the file is too large");
  boost::json::parse_options options;
  options.max_depth = max_document_depth;
  boost::json::basic_parser<Builder> parser(options);
  error_code error;
  while (!text.empty() && !error) {
    const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    parser.write_some(true, text.data(), size, error);
    text.remove_prefix(size);
    if (!error && !text.empty()) ++parser.handler().line;
  }
  if (!error) parser.write_some(false, "", 0, error);
  if (error) return refuse(parser.handler().line, fmt::format("not JSON: {}", error.message()));
  return std::move(parser.handler().document());
}

}  // namespace fairlead::config
