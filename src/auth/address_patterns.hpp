// SPDX-License-Identifier: Apache-2.0
// The pattern list of an authorized_keys option from= (ssh_config(5), PATTERNS), for addresses only.
#pragma once

#include "base/network.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::auth {

class AddressPatterns {
 public:
  // "10.0.0.0/8,!10.0.0.1,192.168.1.*,2001:db8::/32". Host names are refused with a reason: they need a
  // resolver, which a login must not wait for, and a negated one that never matches would let in whom it
  // means to keep out.
  [[nodiscard]] static std::expected<AddressPatterns, std::string> parse(std::string_view list);

  // Some pattern matches and no negated one does. Text that is no address never matches.
  [[nodiscard]] bool match(std::string_view address) const;

 private:
  struct Pattern {
    bool negated = false;
    ssh::Network network;
    std::string wildcard;  // not empty: compared with the address as text instead
  };
  [[nodiscard]] static std::expected<Pattern, std::string> parse_one(std::string_view text);

  std::vector<Pattern> patterns_;
};

}  // namespace fairlead::auth
