// SPDX-License-Identifier: Apache-2.0
// Parses endpoint addresses.
#include "http/endpoint.hpp"

#include "base/safe_address.hpp"
#include "http/error.hpp"

#include <charconv>

namespace fairlead::http {
namespace {

[[noreturn]] void refuse(std::string_view url, const char* why) {
  throw HttpError(Failure::endpoint, "\"" + safe_address(url) + "\" is not a usable address: " + why);
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::uint16_t parse_port(std::string_view url, std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0) refuse(url, "bad port");
  return port;
}

bool is_host_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
         c == '_' || c == ':' || c == '%';
}

// "host", "host:port", "[address]:port".
void parse_authority(Endpoint& endpoint, std::string_view url, std::string_view authority) {
  std::string_view host = authority;
  if (take(host, "[")) {
    const auto bracket = host.find(']');
    if (bracket == std::string_view::npos) refuse(url, "missing ]");
    auto rest = host.substr(bracket + 1);
    host = host.substr(0, bracket);
    if (take(rest, ":"))
      endpoint.port = parse_port(url, rest);
    else if (!rest.empty())
      refuse(url, "bad port");
  } else if (const auto colon = host.find(':'); colon != std::string_view::npos) {
    endpoint.port = parse_port(url, host.substr(colon + 1));
    host = host.substr(0, colon);
  }
  if (host.empty()) refuse(url, "no host");
  for (const char c : host)
    if (!is_host_character(c)) refuse(url, "bad host name");
  endpoint.host = host;
}

}  // namespace

Endpoint Endpoint::parse(std::string_view url) {
  auto rest = url;
  for (const char c : url)
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) refuse(url, "blank or control character");
  Endpoint endpoint;
  if (take(rest, "unix://")) {
    if (!rest.starts_with('/')) refuse(url, "unix:// takes an absolute path");
    endpoint.kind = Kind::unix_socket;
    endpoint.path = rest;
    return endpoint;
  }
  if (take(rest, "tcp://")) {
    endpoint.port = 2375;  // registered for Docker
  } else if (take(rest, "http://")) {
    endpoint.port = 80;
  } else if (take(rest, "https://")) {
    endpoint.kind = Kind::tls;
    endpoint.port = 443;
  } else {
    refuse(url, "expected unix://, tcp://, http:// or https://");
  }
  const auto slash = rest.find('/');
  parse_authority(endpoint, url, rest.substr(0, slash));
  if (slash != std::string_view::npos) endpoint.path = rest.substr(slash);
  while (endpoint.path.ends_with('/')) endpoint.path.pop_back();
  if (endpoint.path.find_first_of("?#") != std::string::npos) refuse(url, "only a path may follow the host");
  return endpoint;
}

std::string Endpoint::name() const {
  return kind == Kind::unix_socket ? path : host_header();
}

std::string Endpoint::host_header() const {
  if (kind == Kind::unix_socket) return "localhost";
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  text += ":" + std::to_string(port);
  return text;
}

}  // namespace fairlead::http
