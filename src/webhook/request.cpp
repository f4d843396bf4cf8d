// SPDX-License-Identifier: Apache-2.0
// Writes JSON as Go's encoder does: compact, HTML-safe, a line feed at the end (services.md section 0.4).
#include "webhook/request.hpp"

#include "base/network.hpp"
#include "base/utf8.hpp"
#include "crypto/hash.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace fairlead::webhook {
namespace {

// Room for what is no credential, so that a password is never left behind by a string that grows.
constexpr std::size_t usual_room = 1024;

void append_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const ssh::Utf8Character character = ssh::decode_utf8(text);
    if (character.size == 0) {
      out += "\\ufffd";
      text.remove_prefix(1);
      continue;
    }
    const char32_t code = character.code;
    if (code == U'"' || code == U'\\')
      (out += '\\') += static_cast<char>(code);
    else if (code < 0x20 || code == U'<' || code == U'>' || code == U'&' || code == 0x2028 || code == 0x2029)
      out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(code));
    else
      out += text.substr(0, character.size);
    text.remove_prefix(character.size);
  }
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  if (out.back() != '{') out += ',';
  append_string(out, name);
  out += ':';
  append_string(out, value);
}

enum class Encoding : std::uint8_t { text, base64 };

struct MapForm {
  std::string_view name;
  Encoding encoding;
  Sensitive sensitive;
};

void append_map(std::string& out, const config::MetadataMap& map, MapForm form) {
  bool first = true;
  for (const auto& [name, entry] : map) {
    if (entry.sensitive && form.sensitive == Sensitive::leave_out) continue;
    if (first) out += fmt::format(",\"{}\":{{", form.name);
    if (!first) out += ',';
    first = false;
    append_string(out, name);
    out += ":{";
    append_member(out, "value",
                  form.encoding == Encoding::base64 ? ssh::base64(ssh::as_bytes(entry.value)) : entry.value);
    out += entry.sensitive ? ",\"sensitive\":true}" : ",\"sensitive\":false}";
  }
  if (!first) out += '}';
}

// Without a zone, IPv4-mapped addresses as what they are.
std::string address_and_port(const Subject& subject) {
  const std::string_view plain =
      std::string_view(subject.remote_address).substr(0, subject.remote_address.find('%'));
  const auto parsed = ssh::parse_address(plain);
  const std::string host = parsed ? ssh::to_text(*parsed) : std::string(plain);
  const bool bare = host.find(':') == std::string::npos;
  return fmt::format("{}{}{}:{}", bare ? "" : "[", host, bare ? "" : "]", subject.remote_port);
}

std::string open_request(const Subject& subject, Sensitive sensitive, std::size_t room) {
  std::string out;
  out.reserve(usual_room + subject.username.size() + subject.client_version.size() + room);
  out += '{';
  append_member(out, "remoteAddress", address_and_port(subject));
  append_member(out, "connectionId", subject.connection_id);
  append_map(out, subject.metadata.metadata, {"metadata", Encoding::text, sensitive});
  append_map(out, subject.metadata.environment, {"environment", Encoding::text, sensitive});
  append_map(out, subject.metadata.files, {"files", Encoding::base64, sensitive});
  append_member(out, "clientVersion", subject.client_version);
  append_member(out, "username", subject.username);
  if (!subject.metadata.authenticated_username.empty())
    append_member(out, "authenticatedUsername", subject.metadata.authenticated_username);
  return out;
}

Body close_request(std::string out) {
  out += "}\n";
  return Body(std::move(out));
}

}  // namespace

Body password_request(const Subject& subject, ssh::Bytes password) {
  std::string encoded = ssh::base64(password);
  std::string out = open_request(subject, Sensitive::leave_out, encoded.size());
  append_member(out, "passwordBase64", encoded);
  ssh::wipe({reinterpret_cast<std::byte*>(encoded.data()), encoded.size()});
  return close_request(std::move(out));
}

Body public_key_request(const Subject& subject, std::string_view key) {
  std::string out = open_request(subject, Sensitive::leave_out, key.size());
  append_member(out, "publicKey", key);
  return close_request(std::move(out));
}

Body subject_request(const Subject& subject, Sensitive sensitive) {
  return close_request(open_request(subject, sensitive, 0));
}

bool has_sensitive(const config::Metadata& metadata) {
  const std::array maps{&metadata.metadata, &metadata.environment, &metadata.files};
  return std::ranges::any_of(maps, [](const config::MetadataMap* map) {
    return std::ranges::any_of(*map, [](const auto& entry) { return entry.second.sensitive; });
  });
}

}  // namespace fairlead::webhook
