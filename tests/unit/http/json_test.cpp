// SPDX-License-Identifier: Apache-2.0
// JSON from a peer: bounds, and members of the wrong type.
#include "http/json.hpp"

#include "http/error.hpp"

#include <gtest/gtest.h>

namespace fairlead::http {
namespace {

TEST(Json, MembersOfTheWrongTypeCountAsAbsent) {
  const auto value = parse_json(R"({"text":"x","number":7,"yes":true,"object":{"inner":"y"}})", "the answer");
  EXPECT_EQ(string_member(value, "text"), "x");
  EXPECT_EQ(string_member(value, "number"), "");
  EXPECT_EQ(integer_member(value, "number"), 7);
  EXPECT_EQ(integer_member(value, "text", -1), -1);
  EXPECT_TRUE(true_member(value, "yes"));
  EXPECT_FALSE(true_member(value, "text"));
  EXPECT_EQ(string_member(member(value, "object"), "inner"), "y");
  EXPECT_EQ(string_member(member(value, "absent"), "inner"), "");
  EXPECT_EQ(string_member(parse_json("[1]", "the answer"), "text"), "");
}

TEST(Json, TruncatedTextIsAnErrorThatNamesItsSource) {
  try {
    (void)parse_json(R"({"Id":"abc)", "the engine's answer");
    FAIL();
  } catch (const HttpError& error) {
    EXPECT_EQ(error.kind(), Failure::protocol);
    EXPECT_TRUE(std::string(error.what()).starts_with("the engine's answer is not valid JSON"));
  }
}

TEST(Json, DepthIsBounded) {
  EXPECT_NO_THROW((void)parse_json(std::string(30, '[') + std::string(30, ']'), "it"));
  EXPECT_THROW((void)parse_json(std::string(100, '[') + std::string(100, ']'), "it"), HttpError);
}

}  // namespace
}  // namespace fairlead::http
