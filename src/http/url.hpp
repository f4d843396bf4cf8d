// SPDX-License-Identifier: Apache-2.0
// Absolute http and https URLs, and the references that answers give relative to them (RFC 3986).
#pragma once

#include "http/endpoint.hpp"

#include <string>
#include <string_view>

namespace fairlead::http {

struct Url {
  Endpoint endpoint;   // its path is empty
  std::string target;  // path and query, begins with '/'

  // "http://host[:port][/path][?query]" and https; a fragment is dropped, the path is kept letter by letter.
  // Throws HttpError(endpoint), also for a user name in the URL: credentials are never taken from there.
  [[nodiscard]] static Url parse(std::string_view url);
  // What `reference`, as a Location header gives it, means to who asked for this. Throws HttpError(endpoint).
  [[nodiscard]] Url resolve(std::string_view reference) const;

  friend bool operator==(const Url&, const Url&) = default;
};

}  // namespace fairlead::http
