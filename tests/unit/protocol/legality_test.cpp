// SPDX-License-Identifier: Apache-2.0
// TM-6: the table of what may come, against a second, independent statement of the rules. What live engines
// make of it is in state_table_test.cpp.
#include "protocol/legality.hpp"

#include "protocol/engine.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace fairlead::ssh::test {
namespace {

enum class Reaction { taken, ignored, unimplemented, refused };

std::string name(Phase phase) {
  constexpr const char* names[] = {"identification", "kexinit",   "kex",          "newkeys",
                                   "service",        "auth",      "auth_prompts", "auth_gssapi",
                                   "open",           "rekey_kex", "rekey_newkeys"};
  return names[static_cast<std::size_t>(phase)];
}

// The rules as the requirements state them (KX-4 to KX-6, KX-16, KX-19, TM-1 to TM-6, UA-1, UA-4), phase by
// phase.
Reaction expected(Role role, Phase phase, bool strict, unsigned number) {
  const bool server = role == Role::server;
  const auto taken = [&](std::set<unsigned> numbers) {
    return numbers.contains(number) ? Reaction::taken : Reaction::refused;
  };
  if (number == 1) return Reaction::taken;
  const bool harmless = number >= 2 && number <= 4;
  switch (phase) {
    case Phase::identification:
      return Reaction::refused;
    case Phase::kexinit:
      return harmless && !strict ? Reaction::ignored : taken({20});
    case Phase::kex:
      return harmless && !strict ? Reaction::ignored : taken({server ? 30U : 31U});
    case Phase::newkeys:
      return harmless && !strict ? Reaction::ignored : taken({21});
    case Phase::rekey_kex:
      return harmless ? Reaction::ignored : taken({server ? 30U : 31U});
    case Phase::rekey_newkeys:
      return harmless ? Reaction::ignored : taken({21});
    case Phase::service:
      if (harmless) return Reaction::ignored;
      return server ? taken({5, 7, 20}) : taken({6, 7, 20});
    case Phase::auth:
      if (harmless) return Reaction::ignored;
      return server ? taken({5, 20, 50}) : taken({7, 20, 51, 52, 53, 60});
    // RFC 4256, RFC 4462: numbers of the method that is under way, in the direction to a server.
    case Phase::auth_prompts:
      if (harmless) return Reaction::ignored;
      return server ? taken({5, 20, 50, 61}) : taken({20});
    case Phase::auth_gssapi:
      if (harmless) return Reaction::ignored;
      return server ? taken({5, 20, 50, 61, 63, 65, 66}) : taken({20});
    case Phase::open:
      break;
  }
  if (harmless || number == 193 || (server && number == 50)) return Reaction::ignored;
  if (number == 20 || number == 192 || (number >= 80 && number <= 82) || (number >= 90 && number <= 100))
    return Reaction::taken;
  // Other states' and the other side's: NEWKEYS, KEX_INIT, KEX_REPLY, answers to a login.
  if (number <= 7 || number == 21 || number == 30 || number == 31 || (number >= 50 && number <= 53))
    return Reaction::refused;
  return Reaction::unimplemented;
}

TEST(Legality, TheTableSaysWhatTheRequirementsSay) {
  for (const auto role : {Role::server, Role::client})
    for (unsigned phase = 1; phase <= static_cast<unsigned>(Phase::rekey_newkeys); ++phase)
      for (const bool strict : {false, true})
        for (unsigned number = 0; number < 256; ++number) {
          const auto is =
              verdict({role, static_cast<Phase>(phase), strict}, static_cast<std::uint8_t>(number));
          constexpr Legality as_verdict[] = {Legality::process, Legality::ignore, Legality::unimplemented,
                                             Legality::disconnect};
          const auto should = expected(role, static_cast<Phase>(phase), strict, number);
          EXPECT_EQ(is, as_verdict[static_cast<std::size_t>(should)])
              << name(static_cast<Phase>(phase)) << ' ' << number << (strict ? " strict" : "");
        }
}

TEST(Legality, ALinkTakesTheConnectionProtocolAndNoKeys) {
  for (unsigned number = 0; number < 256; ++number) {
    const auto is = verdict({Role::link, Phase::open, false}, static_cast<std::uint8_t>(number));
    if (number == 20 || number == 50 || number == 5) {
      EXPECT_EQ(is, Legality::disconnect);
    } else if (number >= 90 && number <= 100) {
      EXPECT_EQ(is, Legality::process);
    }
  }
}

}  // namespace
}  // namespace fairlead::ssh::test
