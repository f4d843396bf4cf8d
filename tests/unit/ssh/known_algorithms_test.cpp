// SPDX-License-Identifier: Apache-2.0
// What the engine says of itself: every name is usable, none is of the broken kind.
#include "crypto/key_exchange.hpp"
#include "crypto/packet_cipher.hpp"

#include <fairlead/ssh/algorithms.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace fairlead::ssh {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

TEST(KnownAlgorithms, EachHasAnImplementation) {
  const KnownAlgorithms known = known_algorithms();
  for (const auto name : known.key_exchanges) EXPECT_NE(make_key_exchange(name), nullptr) << name;
  for (const auto name : known.ciphers) EXPECT_NE(find_cipher(name), nullptr) << name;
  for (const auto name : known.macs) EXPECT_NE(find_mac(name), nullptr) << name;
}

TEST(KnownAlgorithms, PostQuantumAndEd25519ComeFirst) {
  const KnownAlgorithms known = known_algorithms();
  EXPECT_EQ(known.key_exchanges.front(), "mlkem768x25519-sha256");
  EXPECT_EQ(known.host_keys.front(), "ssh-ed25519");
  EXPECT_EQ(known.user_keys.front(), "ssh-ed25519");
}

TEST(KnownAlgorithms, NoneRestsOnSha1CbcOrDsa) {
  const KnownAlgorithms known = known_algorithms();
  for (const auto& list :
       {known.key_exchanges, known.host_keys, known.user_keys, known.ciphers, known.macs}) {
    EXPECT_FALSE(list.empty());
    EXPECT_THAT(list, Not(Contains("ssh-rsa")));
    for (const auto* const broken : {"sha1", "cbc", "dss", "md5"})
      EXPECT_THAT(list, Not(Contains(HasSubstr(broken))));
  }
}

TEST(KnownAlgorithms, TokensLogInButAreNoHostKeys) {
  const KnownAlgorithms known = known_algorithms();
  EXPECT_THAT(known.user_keys, Contains("sk-ssh-ed25519@openssh.com"));
  EXPECT_THAT(known.host_keys, Not(Contains(HasSubstr("sk-"))));
}

}  // namespace
}  // namespace fairlead::ssh
