// SPDX-License-Identifier: Apache-2.0
// What Accept headers of browsers, tools and load balancers get.
#include "http/negotiation.hpp"

#include <gtest/gtest.h>

#include <array>

namespace fairlead::http {
namespace {

constexpr std::array<std::string_view, 3> offered{"application/json", "text/plain", "text/html"};

std::string_view chosen(std::string_view accept) {
  const auto choice = negotiate(accept, offered);
  if (choice) return offered[*choice];
  return choice.error() == NoChoice::unreadable ? "unreadable" : "nothing";
}

TEST(HttpNegotiation, ChoosesByWeightThenPrecisionThenOrder) {
  struct Case {
    std::string_view accept, chosen;
  };
  for (const Case& c : {
           Case{"", "application/json"},
           Case{"  ", "application/json"},
           Case{"*/*", "application/json"},
           Case{"application/json", "application/json"},
           Case{"APPLICATION/JSON", "application/json"},
           Case{"application/*", "application/json"},
           Case{"text/*", "text/plain"},
           Case{"text/plain", "text/plain"},
           Case{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"},
           Case{"application/json;q=0.5, text/plain", "text/plain"},
           Case{"text/plain;q=0.5,application/json;q=0.7", "application/json"},
           Case{"text/plain , application/json", "text/plain"},
           Case{"*/*, text/html", "text/html"},
           Case{"application/json;q=0, */*", "text/plain"},
           Case{"application/json;version=1;charset=utf-8", "application/json"},
           Case{"text/plain;q=2", "text/plain"},
           Case{"text/plain;q=x", "text/plain"},
           Case{"text/plain;q=1.0000", "text/plain"},
           Case{"image/png", "nothing"},
           Case{"*/*;q=0", "nothing"},
           Case{"application/json;q=0.000", "nothing"},
           Case{"garbage", "unreadable"},
           Case{",;,=/", "unreadable"},
           Case{"*/json", "unreadable"},
           Case{"garbage, text/plain", "text/plain"},
       })
    EXPECT_EQ(chosen(c.accept), c.chosen) << c.accept;
}

}  // namespace
}  // namespace fairlead::http
