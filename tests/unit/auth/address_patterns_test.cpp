// SPDX-License-Identifier: Apache-2.0
// from= patterns: who is let in and who is not.
#include "auth/address_patterns.hpp"

#include <gtest/gtest.h>

namespace fairlead::auth {
namespace {

bool match(std::string_view list, std::string_view address) {
  const auto patterns = AddressPatterns::parse(list);
  EXPECT_TRUE(patterns) << list << ": " << patterns.error();
  return patterns && patterns->match(address);
}

TEST(AddressPatterns, AddressesAndBlocks) {
  EXPECT_TRUE(match("10.0.0.1", "10.0.0.1"));
  EXPECT_FALSE(match("10.0.0.1", "10.0.0.10"));
  EXPECT_TRUE(match("10.0.0.0/8", "10.255.1.2"));
  EXPECT_FALSE(match("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(match("192.168.4.0/22", "192.168.7.255"));
  EXPECT_FALSE(match("192.168.4.0/22", "192.168.8.0"));
  EXPECT_TRUE(match("0.0.0.0/0", "1.2.3.4"));
  EXPECT_FALSE(match("0.0.0.0/0", "2001:db8::1")) << "IPv4 only";
  EXPECT_TRUE(match("2001:db8::/32", "2001:DB8:1::5"));
  EXPECT_FALSE(match("2001:db8::/32", "2001:db9::5"));
  EXPECT_TRUE(match("10.0.0.1,10.0.0.2", "10.0.0.2"));
}

TEST(AddressPatterns, MappedAddressesAreTheSame) {
  EXPECT_TRUE(match("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_TRUE(match("10.1.*", "::ffff:10.1.2.3"));
  EXPECT_TRUE(match("::ffff:10.0.0.1", "10.0.0.1"));
}

TEST(AddressPatterns, NegationWinsWhereverItStands) {
  EXPECT_FALSE(match("10.0.0.0/8,!10.0.0.1", "10.0.0.1"));
  EXPECT_FALSE(match("!10.0.0.1,10.0.0.0/8", "10.0.0.1"));
  EXPECT_TRUE(match("!10.0.0.1,10.0.0.0/8", "10.0.0.2"));
  EXPECT_FALSE(match("!10.0.0.1", "10.0.0.2")) << "nothing but negation admits nobody";
}

TEST(AddressPatterns, Wildcards) {
  EXPECT_TRUE(match("192.168.1.*", "192.168.1.77"));
  EXPECT_FALSE(match("192.168.1.*", "192.168.10.7"));
  EXPECT_TRUE(match("10.0.0.?", "10.0.0.7"));
  EXPECT_FALSE(match("10.0.0.?", "10.0.0.77"));
  EXPECT_TRUE(match("*", "::1"));
  EXPECT_TRUE(match("*.*.3.*", "1.2.3.4"));
  EXPECT_FALSE(match("*.9", "1.2.3.4"));
}

TEST(AddressPatterns, WhatIsNoAddressNeverMatches) {
  EXPECT_FALSE(match("*", ""));
  EXPECT_FALSE(match("*", "localhost"));
  EXPECT_FALSE(match("*", std::string_view("1.2.3.4\0x", 9)));
}

TEST(AddressPatterns, ManyStarsStayCheap) {
  std::string stars;
  for (int i = 0; i < 10'000; ++i) stars += "*1";
  EXPECT_FALSE(match(stars, "2.2.2.2"));
}

TEST(AddressPatterns, MistakesAreRefused) {
  for (const char* list :
       {"", ",", "10.0.0.1,", "!", "example.com", "*.example.com", "!*.evil.org", "10.0.0.0/33", "10.0.0.0/",
        "10.0.0.0/x", "10.0.0.0/-1", "10.0.0.1/8", "2001:db8::/129", "10.0.0", "/8"})
    EXPECT_FALSE(AddressPatterns::parse(list)) << list;
}

}  // namespace
}  // namespace fairlead::auth
