// SPDX-License-Identifier: Apache-2.0
// What webhooks answer, read by the rules of services.md section 0.4: names in any case, of several members
// with one name the last, null is nothing, what follows the first value is not looked at.
#pragma once

#include "config/metadata.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::webhook {

enum class Form : std::uint8_t {
  verdict,        // of authentication and authorization: unknown members are tolerated
  configuration,  // of the configuration server: they are mistakes
};

struct Answer {
  bool success = false;  // of a verdict; nothing but a JSON true is one
  config::Metadata metadata{};
  boost::json::value config{};         // of a configuration: an object, or null when there is none
  std::vector<std::string> unknown{};  // members that mean nothing to us, the first few
  // Entries that no box can have, the first few: "entry A=B of environment has a = in its name".
  std::vector<std::string> skipped{};
};

// The error is the end of a sentence and holds nothing of the answer but names of members: "member success is
// not true or false".
[[nodiscard]] std::expected<Answer, std::string> read_answer(std::string_view text, Form form);

}  // namespace fairlead::webhook
