// SPDX-License-Identifier: Apache-2.0
// A configuration document as a tree that remembers lines, whether it came from YAML or JSON.
#pragma once

#include <boost/json/fwd.hpp>

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fairlead::config {

struct Node {
  enum class Kind { null, scalar, list, map } kind = Kind::null;
  int line = 0;         // counted from 1; 0 is unknown
  std::string text;     // scalar
  bool quoted = false;  // scalar: written as a string, so that it is no number, no boolean and not null
  std::vector<Node> items;
  struct Member;
  std::vector<Member> members;  // in the order of the file; names are unique

  // Null when there is no such member.
  [[nodiscard]] const Node* find(std::string_view name) const noexcept;
};

struct Node::Member {
  std::string name;
  Node value;
};

// Bounds of a document, far above any real one: a file that breaks them is refused, not read for minutes.
inline constexpr std::size_t max_document_bytes = std::size_t{16} << 20;
inline constexpr std::size_t max_document_nodes = 500'000;
inline constexpr int max_document_depth = 64;

// The first document of a YAML text. Errors are complete sentences with file name and line.
[[nodiscard]] std::expected<Node, std::vector<std::string>> parse_yaml(std::string_view text,
                                                                       const std::string& name);
// A JSON text. Of members with one name the last counts (services.md section 0.4).
[[nodiscard]] std::expected<Node, std::vector<std::string>> parse_json(std::string_view text,
                                                                       const std::string& name);
// A value that was parsed elsewhere; it has no lines.
[[nodiscard]] Node to_node(const boost::json::value& value);

[[nodiscard]] boost::json::value to_json(const Node& node);
// "a list", for messages.
[[nodiscard]] const char* kind_name(const Node& node) noexcept;

// The zero value of a Go type: null, false, 0, "", an empty list or mapping.
[[nodiscard]] bool is_zero(const Node& node) noexcept;
// The same, or a mapping of nothing else.
[[nodiscard]] bool is_all_zero(const Node& node) noexcept;

// The whole of a regular file, or why not.
[[nodiscard]] std::expected<std::string, std::string> read_text_file(const std::string& file);

}  // namespace fairlead::config
