// SPDX-License-Identifier: Apache-2.0
// The table of key exchanges. A new one is a file and a line here.
#include "crypto/key_exchange.hpp"

#include "crypto/key_exchange_families.hpp"

#include <array>

namespace fairlead::ssh {

namespace {

struct Family {
  std::string_view name;
  std::unique_ptr<KeyExchange> (*make)();
};

constexpr std::array families{
    Family{"mlkem768x25519-sha256", &make_kex_mlkem768x25519},  // design D8: post-quantum by default
    Family{"curve25519-sha256", &make_kex_curve25519},
    Family{"curve25519-sha256@libssh.org", &make_kex_curve25519},
    Family{"ecdh-sha2-nistp256", &make_kex_nistp256},
    Family{"ecdh-sha2-nistp384", &make_kex_nistp384},
    Family{"ecdh-sha2-nistp521", &make_kex_nistp521},
};

constexpr auto names = [] {
  std::array<std::string_view, families.size()> list;
  for (std::size_t i = 0; i < families.size(); ++i) list[i] = families[i].name;
  return list;
}();

}  // namespace

std::span<const std::string_view> key_exchange_names() noexcept {
  return names;
}

std::unique_ptr<KeyExchange> make_key_exchange(std::string_view name) {
  for (const Family& family : families)
    if (family.name == name) return family.make();
  return nullptr;
}

}  // namespace fairlead::ssh
