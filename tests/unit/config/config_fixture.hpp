// SPDX-License-Identifier: Apache-2.0
// Short files around what a test is about.
#pragma once

#include "config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace fairlead::config {

inline constexpr const char* minimal_file =
    "auth:\n  password: {method: local}\n  local: {usersFile: /etc/fairlead/users.yaml}\noci: {image: "
    "/img}\n";

// `minimal_file` with more lines behind it.
inline std::expected<Config, Errors> with(const std::string& more) {
  return parse(minimal_file + more, "f.yaml");
}

// Throws the first error.
inline Config loaded(const std::string& text) {
  auto config = parse(text, "f.yaml");
  if (!config) throw std::runtime_error(config.error().front());
  return std::move(*config);
}
inline Config loaded_with(const std::string& more) {
  return loaded(minimal_file + more);
}

inline void expect_errors(const std::string& more, const testing::Matcher<const Errors&>& errors) {
  const auto config = with(more);
  ASSERT_FALSE(config) << more;
  EXPECT_THAT(config.error(), errors) << more;
}
inline void expect_error(const std::string& more, const std::string& part) {
  expect_errors(more, testing::ElementsAre(testing::HasSubstr(part)));
}

}  // namespace fairlead::config
