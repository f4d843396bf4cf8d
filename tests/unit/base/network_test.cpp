// SPDX-License-Identifier: Apache-2.0
// Addresses, blocks and patterns; what from= and source-address make of them is tested where they are.
#include "base/network.hpp"

#include "base/wildcard.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fairlead::ssh {
namespace {

TEST(Network, BlocksContainWhatTheirPrefixSays) {
  const auto network = Network::parse("192.168.4.0/22");
  ASSERT_TRUE(network);
  EXPECT_TRUE(network->contains(*parse_address("192.168.7.255")));
  EXPECT_TRUE(network->contains(*parse_address("::ffff:192.168.4.1")));
  EXPECT_FALSE(network->contains(*parse_address("192.168.8.0")));
  EXPECT_TRUE(Network::parse("::/0")->contains(*parse_address("2001:db8::1")));
  EXPECT_FALSE(Network::parse("10.0.0.1")->contains(*parse_address("10.0.0.2")));
}

TEST(Network, WhatIsNoBlockIsRefused) {
  for (const char* text : {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.1/8", "10.0.0.0/-1",
                           "10.0.0.0/8x", "10.0.0.0/08/8", "10.0.0", "host", " 10.0.0.1", "*"})
    EXPECT_FALSE(Network::parse(text)) << text;
  EXPECT_FALSE(parse_address(std::string("10.0.0.1\0", 9)));
}

TEST(Network, AddressesArePrintedInTheirOwnForm) {
  EXPECT_EQ(to_text(*parse_address("::ffff:10.0.0.1")), "10.0.0.1");
  EXPECT_EQ(to_text(*parse_address("2001:DB8:0::1")), "2001:db8::1");
}

TEST(Wildcard, StarsAndQuestionMarks) {
  EXPECT_TRUE(wildcard_match("*", ""));
  EXPECT_TRUE(wildcard_match("*.example.com", "box.example.com"));
  EXPECT_FALSE(wildcard_match("*.example.com", "example.com"));
  EXPECT_TRUE(wildcard_match("b?x*", "box.example.com"));
  EXPECT_TRUE(wildcard_match("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(wildcard_match("a*b*c", "a-b-b-d"));
  EXPECT_FALSE(wildcard_match("", "a"));
  EXPECT_TRUE(wildcard_match("", ""));
  EXPECT_TRUE(wildcard_match("*a", "*ba")) << "a star in the text is a character";
  EXPECT_FALSE(wildcard_match("a", "*"));
}

}  // namespace
}  // namespace fairlead::ssh
