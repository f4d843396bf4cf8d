// SPDX-License-Identifier: Apache-2.0
// From an untrusted server's JSON to values that every later user may rely on: types, sizes, names.
#include "webhook/answer.hpp"

#include "crypto/hash.hpp"
#include "webhook/limits.hpp"

#include <boost/json/stream_parser.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace fairlead::webhook {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_shown = 64;  // of a name that is the server's

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is(std::string_view name, std::string_view known) noexcept {
  return std::ranges::equal(name, known, {}, lower, lower);
}

std::string shown(std::string_view name) {
  return std::string(name.substr(0, longest_shown));
}

enum class EntryKind : std::uint8_t { metadata, variable, file };

// Why no box can have this entry; "": it can. Whoever writes these into a box goes by them.
std::string_view obstacle_to(EntryKind kind, std::string_view name, std::string_view value) {
  if (name.empty()) return "has an empty name";
  if (name.size() > limits::name) return "has a name that is too long";
  if (name.find('\0') != std::string_view::npos) return "has a NUL in its name";
  if (kind == EntryKind::variable && name.find('=') != std::string_view::npos) return "has a = in its name";
  if (kind == EntryKind::variable && value.find('\0') != std::string_view::npos)
    return "has a NUL in its value";
  if (kind != EntryKind::file) return "";
  if (!name.starts_with('/')) return "is not an absolute path";
  for (std::size_t begin = 1; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    if (name.substr(begin, end - begin) == "..") return "leads upwards";
    begin = end + 1;
  }
  return name.ends_with('/') ? "names no file" : "";
}

bool is_too_big(EntryKind kind, std::string_view value) {
  return value.size() > (kind == EntryKind::file ? limits::file : limits::value);
}

class Reader {
 public:
  explicit Reader(Form form) : form_(form) {}

  std::expected<Answer, std::string> read(const json::value& document) {
    const auto* members = document.if_object();
    if (members == nullptr) return std::unexpected("it is not an object");
    for (const auto& member : *members) read_member(member.key(), member.value());
    if (!mistake_.empty()) return std::unexpected(std::move(mistake_));
    return std::move(answer_);
  }

 private:
  void fail(std::string mistake) {
    if (mistake_.empty()) mistake_ = std::move(mistake);
  }

  void read_member(std::string_view name, const json::value& value) {
    const bool verdict = form_ == Form::verdict;
    if (is(name, "metadata")) return read_map(name, value, EntryKind::metadata, answer_.metadata.metadata);
    if (is(name, "environment"))
      return read_map(name, value, EntryKind::variable, answer_.metadata.environment);
    if (is(name, "files")) return read_map(name, value, EntryKind::file, answer_.metadata.files);
    if (is(name, "authenticatedUsername")) return read_username(value);
    if (verdict && is(name, "success")) return read_success(value);
    if (!verdict && is(name, "config")) return read_config(value);
    // What the request said; Go servers send it back.
    for (const std::string_view echo : {"remoteAddress", "connectionId", "clientVersion", "username"})
      if (is(name, echo)) return expect_string(echo, value);
    unknown(shown(name));
  }

  void unknown(std::string name) {
    if (form_ == Form::configuration) return fail(fmt::format("unknown member {}", name));
    if (answer_.unknown.size() < limits::named) answer_.unknown.push_back(std::move(name));
  }

  void read_success(const json::value& value) {
    if (value.is_null()) return;
    if (!value.is_bool()) return fail("member success is not true or false");
    answer_.success = value.get_bool();
  }

  void read_username(const json::value& value) {
    expect_string("authenticatedUsername", value);
    if (const auto* text = value.if_string()) answer_.metadata.authenticated_username = std::string(*text);
    if (answer_.metadata.authenticated_username.size() > limits::name)
      fail("member authenticatedUsername is too long");
  }

  void read_config(const json::value& value) {
    if (value.is_null()) return;
    if (!value.is_object()) return fail("member config is not an object");
    answer_.config = value;
  }

  void expect_string(std::string_view name, const json::value& value) {
    if (!value.is_null() && !value.is_string()) fail(fmt::format("member {} is not a string", name));
  }

  void read_map(std::string_view name, const json::value& value, EntryKind kind, config::MetadataMap& map) {
    if (value.is_null()) return;
    const auto* members = value.if_object();
    if (members == nullptr) return fail(fmt::format("member {} is not an object", shown(name)));
    if (entries_ += members->size(); entries_ > limits::entries) return fail("it has too many entries");
    for (const auto& member : *members) {
      const std::string_view key = member.key();
      const std::string where = fmt::format("entry {} of {}", shown(key), shown(name));
      auto entry = read_entry(where, member.value(), kind);
      if (!entry) return;
      if (const auto obstacle = obstacle_to(kind, key, entry->value); !obstacle.empty())
        skip(fmt::format("{} {}", where, obstacle));
      else
        map.insert_or_assign(std::string(key), std::move(*entry));
    }
  }

  // The entry alone, as if it could not be written: what a login was granted does not hang on it.
  void skip(std::string entry) {
    if (answer_.skipped.size() < limits::named) answer_.skipped.push_back(std::move(entry));
  }

  std::optional<config::MetadataValue> read_entry(const std::string& where, const json::value& value,
                                                  EntryKind kind) {
    config::MetadataValue entry;
    if (value.is_null()) return entry;  // Go's zero value
    const auto* members = value.if_object();
    if (members == nullptr) return refuse(where, "is not an object");
    for (const auto& member : *members) {
      if (is(member.key(), "value")) {
        if (!read_value(member.value(), kind, entry.value))
          return refuse(where, "has a value of a wrong type");
      } else if (is(member.key(), "sensitive")) {
        if (member.value().is_null()) continue;
        if (!member.value().is_bool()) return refuse(where, "has a mark `sensitive` that is not a boolean");
        entry.sensitive = member.value().get_bool();
      } else {
        unknown(where + "." + shown(member.key()));
      }
    }
    if (is_too_big(kind, entry.value)) return refuse(where, "is too big");
    return entry;
  }

  std::nullopt_t refuse(const std::string& where, std::string_view mistake) {
    fail(fmt::format("{} {}", where, mistake));
    return std::nullopt;
  }

  static bool read_value(const json::value& value, EntryKind kind, std::string& out) {
    if (value.is_null()) return true;
    const auto* text = value.if_string();
    if (text == nullptr) return false;
    if (kind != EntryKind::file) {
      out.assign(text->data(), text->size());
      return true;
    }
    std::string encoded(*text);
    std::erase_if(encoded, [](char c) { return c == '\r' || c == '\n'; });  // Go takes lines, too
    const auto bytes = ssh::from_base64(encoded);
    if (bytes) out = ssh::to_string(*bytes);
    return bytes.has_value();
  }

  Form form_;
  Answer answer_;
  std::string mistake_;
  std::size_t entries_ = 0;
};

// The first value of the text.
std::expected<json::value, std::string> parse(std::string_view text) {
  json::parse_options options;
  options.max_depth = limits::depth;
  json::stream_parser parser({}, options);
  boost::system::error_code error;
  parser.write_some(text.data(), text.size(), error);
  if (!error && !parser.done()) parser.finish(error);
  if (error) return std::unexpected(fmt::format("it is not JSON: {}", error.message()));
  return parser.release();
}

}  // namespace

std::expected<Answer, std::string> read_answer(std::string_view text, Form form) {
  auto document = parse(text);
  if (!document) return std::unexpected(std::move(document.error()));
  return Reader(form).read(*document);
}

}  // namespace fairlead::webhook
