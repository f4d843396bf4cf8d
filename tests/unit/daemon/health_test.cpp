// SPDX-License-Identifier: Apache-2.0
// What the health endpoint answers, by state and by Accept.
#include "daemon/health.hpp"

#include <gtest/gtest.h>

namespace fairlead::daemon {
namespace {

struct Answer {
  unsigned status;
  std::string type, body;
  friend bool operator==(const Answer&, const Answer&) = default;
};

void PrintTo(const Answer& answer, std::ostream* out) {
  *out << answer.status << " " << answer.type << ": " << answer.body;
}

Answer asked(bool healthy, std::vector<http::Header> headers, std::string method = "GET") {
  const http::Request request{.method = std::move(method), .target = "/any", .headers = std::move(headers)};
  const auto response = health_answer(healthy, request);
  return {response.status, std::string(response.header("Content-Type")), response.body};
}

const std::string plain = "text/plain; charset=utf-8";

TEST(Health, StateDecidesTheStatusAndAcceptTheForm) {
  for (const char* method : {"GET", "POST", "HEAD", "BREW"}) {
    EXPECT_EQ(asked(true, {}, method), (Answer{200, "application/json", "\"ok\""}));
    EXPECT_EQ(asked(false, {}, method), (Answer{503, "application/json", "\"not ok\""}));
  }
  EXPECT_EQ(asked(true, {{"accept", "text/*"}}), (Answer{200, plain, "ok"}));
  EXPECT_EQ(asked(false, {{"Accept", "text/html"}}), (Answer{503, "text/html; charset=utf-8", "not ok"}));
  EXPECT_EQ(asked(true, {{"Accept", "text/plain;q=0.1"}, {"Accept", "application/*"}}),
            (Answer{200, "application/json", "\"ok\""}));
}

TEST(Health, WhatCannotBeReadIsTextAndWhatCannotBeServedIsNotAcceptable) {
  EXPECT_EQ(asked(true, {{"Accept", "nonsense"}}), (Answer{200, plain, "ok"}));
  EXPECT_EQ(asked(true, {{"Accept", "image/png"}}).status, 406U);
  EXPECT_EQ(asked(false, {{"Accept", "image/png"}}), (Answer{503, plain, "not ok"}))
      << "an ill server is never hidden behind another error";
}

}  // namespace
}  // namespace fairlead::daemon
