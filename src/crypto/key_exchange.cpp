// SPDX-License-Identifier: Apache-2.0
// The table of key exchanges. A new one is a file and a line here.
#include "crypto/key_exchange.hpp"

#include "crypto/key_exchange_families.hpp"

#include <algorithm>
#include <array>

namespace fairlead::ssh {

namespace {

struct Family {
  std::string_view name;
  std::unique_ptr<KeyExchange> (*make)();
  bool served = true;  // offered by servers that do not ask for it
};

constexpr std::array families{
    Family{"mlkem768x25519-sha256", &make_kex_mlkem768x25519},  // design D8: post-quantum by default
    Family{"curve25519-sha256", &make_kex_curve25519},
    Family{"curve25519-sha256@libssh.org", &make_kex_curve25519},
    Family{"ecdh-sha2-nistp256", &make_kex_nistp256},
    Family{"ecdh-sha2-nistp384", &make_kex_nistp384},
    Family{"ecdh-sha2-nistp521", &make_kex_nistp521},
    // Last, because a server without asking offers all that come before: KX-12, D(HE)at (CVE-2002-20001).
    Family{"diffie-hellman-group14-sha256", &make_kex_group14, false},
    Family{"diffie-hellman-group16-sha512", &make_kex_group16, false},
    Family{"diffie-hellman-group18-sha512", &make_kex_group18, false},
};
constexpr auto served_count = std::ranges::count(families, true, &Family::served);
static_assert(std::ranges::is_partitioned(families, &Family::served));

constexpr auto names = [] {
  std::array<std::string_view, families.size()> list;
  for (std::size_t i = 0; i < families.size(); ++i) list[i] = families[i].name;
  return list;
}();

}  // namespace

std::span<const std::string_view> key_exchange_names() noexcept {
  return names;
}

std::span<const std::string_view> served_key_exchange_names() noexcept {
  return std::span(names).first<served_count>();
}

std::unique_ptr<KeyExchange> make_key_exchange(std::string_view name) {
  for (const Family& family : families)
    if (family.name == name) return family.make();
  return nullptr;
}

}  // namespace fairlead::ssh
