// SPDX-License-Identifier: Apache-2.0
// Boost.JSON with our bounds and our exception.
#include "http/json.hpp"

#include "http/error.hpp"
#include "http/limits.hpp"

#include <boost/json/parse.hpp>

namespace fairlead::http {

namespace json = boost::json;

json::value parse_json(std::string_view text, std::string_view what) {
  json::parse_options options;
  options.max_depth = limits::json_depth;
  boost::system::error_code error;
  auto value = json::parse(text, error, {}, options);
  if (error) throw HttpError(Failure::protocol, std::string(what) + " is not valid JSON: " + error.message());
  return value;
}

const json::value& member(const json::value& object, std::string_view name) {
  static const json::value absent;
  const auto* members = object.if_object();
  const auto* found = members != nullptr ? members->if_contains(name) : nullptr;
  return found != nullptr ? *found : absent;
}

std::string string_member(const json::value& object, std::string_view name) {
  const auto* text = member(object, name).if_string();
  return text != nullptr ? std::string(text->data(), text->size()) : std::string();
}

std::int64_t integer_member(const json::value& object, std::string_view name, std::int64_t absent) {
  const auto* number = member(object, name).if_int64();
  return number != nullptr ? *number : absent;
}

bool true_member(const json::value& object, std::string_view name) {
  const auto* boolean = member(object, name).if_bool();
  return boolean != nullptr && *boolean;
}

}  // namespace fairlead::http
