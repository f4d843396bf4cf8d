// SPDX-License-Identifier: Apache-2.0
// IP addresses and CIDR blocks as values that compare.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace fairlead::ssh {

// An IP address in one form: IPv4 as IPv4-mapped IPv6, so that ::ffff:10.0.0.1 and 10.0.0.1 are the same.
using Address = std::array<std::uint8_t, 16>;
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);
// As the kernel prints it; IPv4 in its own form.
[[nodiscard]] std::string to_text(const Address& address);

struct Network {
  Address address{};
  unsigned bits = 128;

  // "10.0.0.0/8", "2001:db8::/32" or one address. The error is the end of a sentence: "has a bad prefix
  // length". Bits behind the prefix are refused: whoever wrote them meant something else.
  [[nodiscard]] static std::expected<Network, const char*> parse(std::string_view text);
  [[nodiscard]] bool contains(const Address& address) const noexcept;
};

}  // namespace fairlead::ssh
