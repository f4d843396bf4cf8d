// SPDX-License-Identifier: Apache-2.0
// JSON from a peer: parsed with bounds, read without surprises.
#pragma once

#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace fairlead::http {

// Throws HttpError(protocol) with a sentence that names `what` ("the engine's answer"). Depth is bounded by
// limits.hpp, size by whoever read the text.
[[nodiscard]] boost::json::value parse_json(std::string_view text, std::string_view what);

// Members of an untrusted object: the wrong type counts as absent.
[[nodiscard]] std::string string_member(const boost::json::value& object, std::string_view name);
[[nodiscard]] std::int64_t integer_member(const boost::json::value& object, std::string_view name,
                                          std::int64_t absent = 0);
[[nodiscard]] bool true_member(const boost::json::value& object, std::string_view name);
// The member, or a null value that lives for ever.
[[nodiscard]] const boost::json::value& member(const boost::json::value& object, std::string_view name);

}  // namespace fairlead::http
