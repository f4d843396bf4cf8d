// SPDX-License-Identifier: Apache-2.0
// Reading and comparing addresses and blocks.
#include "base/network.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <cstring>

namespace fairlead::ssh {
namespace {

constexpr Address v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};  // ::ffff:0:0/96, where IPv4 lives
constexpr unsigned v4_prefix_bits = 96;

bool same_prefix(const Address& a, const Address& b, unsigned bits) noexcept {
  const unsigned bytes = bits / 8;
  if (std::memcmp(a.data(), b.data(), bytes) != 0) return false;
  if (bits % 8 == 0) return true;
  const unsigned mask = 0xFFU << (8 - bits % 8) & 0xFFU;
  return ((a[bytes] ^ b[bytes]) & mask) == 0;
}

bool has_bits_after(const Address& address, unsigned bits) noexcept {
  for (unsigned bit = bits; bit < 128; ++bit)
    if ((address[bit / 8] >> (7 - bit % 8) & 1) != 0) return true;
  return false;
}

bool is_ipv4(std::string_view text) noexcept {
  return text.find(':') == std::string_view::npos;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string zero_ended(text);
  Address address{};
  if (::inet_pton(AF_INET6, zero_ended.c_str(), address.data()) == 1) return address;
  address = v4_prefix;
  if (::inet_pton(AF_INET, zero_ended.c_str(), address.data() + 12) == 1) return address;
  return std::nullopt;
}

std::string to_text(const Address& address) {
  char text[INET6_ADDRSTRLEN] = "";
  const bool mapped = same_prefix(address, v4_prefix, v4_prefix_bits);
  ::inet_ntop(mapped ? AF_INET : AF_INET6, address.data() + (mapped ? 12 : 0), text, sizeof text);
  return text;
}

std::expected<Network, const char*> Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  const auto address = parse_address(host);
  if (!address) return std::unexpected("is not an address: host names are not resolved");
  Network network{.address = *address};
  if (slash == std::string_view::npos) return network;
  const std::string_view length = text.substr(slash + 1);
  const unsigned most = is_ipv4(host) ? 32 : 128;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), network.bits);
  if (error != std::errc() || end != length.data() + length.size() || network.bits > most)
    return std::unexpected("has a bad prefix length");
  network.bits += 128 - most;
  if (has_bits_after(network.address, network.bits))
    return std::unexpected("has bits set behind its prefix length");
  return network;
}

bool Network::contains(const Address& other) const noexcept {
  return same_prefix(address, other, bits);
}

}  // namespace fairlead::ssh
