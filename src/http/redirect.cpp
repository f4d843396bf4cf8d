// SPDX-License-Identifier: Apache-2.0
// RFC 9110 section 15.4, with the rules that browsers and Go agree on.
#include "http/redirect.hpp"

#include "http/error.hpp"

namespace fairlead::http {
namespace {

bool repeats_method(unsigned status) {
  return status == 307 || status == 308;
}

bool is_redirect(unsigned status) {
  return status == 301 || status == 302 || status == 303 || repeats_method(status);
}

bool same_origin(const Endpoint& a, const Endpoint& b) {
  return a.kind == b.kind && a.host == b.host && a.port == b.port;
}

Url next_place(const Hop& hop, std::string_view location) {
  try {
    return hop.url.resolve(location);
  } catch (const HttpError& error) {
    throw HttpError(Failure::protocol,
                    hop.url.endpoint.name() + " redirects to a place that cannot be used: " + error.what());
  }
}

}  // namespace

bool follow(Hop& hop, const Response& answer) {
  const auto location = answer.header("Location");
  if (!is_redirect(answer.status) || location.empty()) return false;
  if (hop.url.endpoint.kind == Endpoint::Kind::unix_socket) return false;
  Url next = next_place(hop, location);
  // What was asked for in secret is not repeated in the open, whatever a server says.
  if (hop.url.endpoint.kind == Endpoint::Kind::tls && next.endpoint.kind != Endpoint::Kind::tls)
    throw HttpError(Failure::protocol,
                    hop.url.endpoint.name() + " redirects from https to http, which is not followed");
  Request& request = hop.request;
  if (!repeats_method(answer.status) && request.method != "GET" && request.method != "HEAD") {
    request.method = "GET";
    request.body.clear();
  }
  // Headers of the caller may identify it; they are for the server it chose.
  if (!same_origin(hop.url.endpoint, next.endpoint)) request.headers.clear();
  request.target = next.target;
  hop.url = std::move(next);
  return true;
}

}  // namespace fairlead::http
