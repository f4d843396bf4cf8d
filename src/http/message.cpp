// SPDX-License-Identifier: Apache-2.0
// The small print of messages.
#include "http/message.hpp"

#include "http/error.hpp"
#include "http/json.hpp"

#include <boost/beast/core/string.hpp>

namespace fairlead::http {
namespace {

void check(std::string_view text, std::string_view allowed_blanks) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte <= ' ' && allowed_blanks.find(c) == std::string_view::npos) || byte == 0x7f)
      throw HttpError(Failure::protocol, "a request may not contain control characters");
  }
}

}  // namespace

void check_word(std::string_view text) {
  check(text, "");
}

void check_value(std::string_view text) {
  check(text, " \t");
}

std::string_view find_header(const std::vector<Header>& headers, std::string_view name) {
  for (const auto& header : headers)
    if (boost::beast::iequals(header.name, name)) return header.value;
  return {};
}

boost::json::value Response::json() const {
  return parse_json(body, "the answer");
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unreserved = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += digits[byte >> 4];
      encoded += digits[byte & 15];
    }
  }
  return encoded;
}

}  // namespace fairlead::http
