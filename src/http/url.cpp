// SPDX-License-Identifier: Apache-2.0
// RFC 3986 section 5.2, as far as http needs it.
#include "http/url.hpp"

#include "base/safe_address.hpp"
#include "http/error.hpp"

#include <vector>

namespace fairlead::http {
namespace {

// Section 3.1: ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ) ":".
bool has_scheme(std::string_view reference) {
  const auto end = reference.find_first_of(":/?#");
  return end != std::string_view::npos && end > 0 && reference[end] == ':';
}

std::string lower_scheme(std::string_view url) {
  std::string text(url);
  for (char& c : text) {
    if (c == ':') break;
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// Section 5.2.4, for a path that begins with '/'.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  bool directory = false;
  for (std::size_t start = 1; start <= path.size();) {
    const auto end = std::min(path.find('/', start), path.size());
    const auto segment = path.substr(start, end - start);
    directory = segment == "." || segment == "..";
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (!directory) kept.push_back(segment);
    start = end + 1;
  }
  std::string clean;
  for (const auto segment : kept) clean.append("/").append(segment);
  if (directory || clean.empty()) clean += '/';
  return clean;
}

std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find('?'));
}

}  // namespace

Url Url::parse(std::string_view url) {
  const std::string text = lower_scheme(url.substr(0, url.find('#')));
  if (!text.starts_with("http://") && !text.starts_with("https://"))
    throw HttpError(Failure::endpoint,
                    "\"" + safe_address(text) + "\" is not a usable address: expected http:// or https://");
  const auto authority = text.find("//") + 2;
  const auto end = std::min(text.find_first_of("/?", authority), text.size());
  Url result{Endpoint::parse(std::string_view(text).substr(0, end)), text.substr(end)};
  if (!result.target.starts_with('/')) result.target.insert(0, "/");
  for (const char c : result.target)
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f)
      throw HttpError(Failure::endpoint, "an address may not contain blanks or control characters");
  return result;
}

Url Url::resolve(std::string_view reference) const {
  reference = reference.substr(0, reference.find('#'));
  if (has_scheme(reference)) return parse(reference);
  if (reference.starts_with("//"))
    return parse((endpoint.kind == Endpoint::Kind::tls ? "https:" : "http:") + std::string(reference));
  const auto query = std::min(reference.find('?'), reference.size());
  std::string path(reference.substr(0, query));
  if (path.empty())
    path = path_of(target);
  else if (!path.starts_with('/'))
    path.insert(0, path_of(target).substr(0, path_of(target).rfind('/') + 1));
  Url result{endpoint, without_dots(path)};
  result.target += reference.empty() ? target.substr(path_of(target).size()) : reference.substr(query);
  return result;
}

}  // namespace fairlead::http
