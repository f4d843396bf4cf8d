// SPDX-License-Identifier: Apache-2.0
// Requests and answers, the same for client and server.
#pragma once

#include <boost/json/value.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::http {

struct Header {
  std::string name, value;
};

// The value of the first header with this name, compared without case; empty when there is none.
[[nodiscard]] std::string_view find_header(const std::vector<Header>& headers, std::string_view name);

struct Request {
  std::string method = "GET";
  std::string target{};  // begins with '/', already percent-encoded (see percent_encode)
  std::vector<Header> headers{};
  std::string body{};
  std::string content_type = "application/json";  // sent when there is a body
  // Client::send() only: how many are followed; the answer after those is given back as it is. 301, 302 and
  // 303 turn POST into GET without its body, 307 and 308 repeat it. Never from https to http, never to a Unix
  // socket; another origin sees neither `headers` nor the client certificate.
  unsigned redirects = 0;
  // To do it twice is to do it once. GET, HEAD, PUT and DELETE always are; see Client::send().
  bool idempotent = false;
  // The whole exchange must be over by then, connecting included; max() waits for ever.
  std::chrono::steady_clock::time_point deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(15);

  [[nodiscard]] std::string_view header(std::string_view name) const { return find_header(headers, name); }
};

struct Response {
  unsigned status = 0;
  std::string reason{};  // a server fills it in when it is empty
  std::vector<Header> headers{};
  std::string body{};

  [[nodiscard]] std::string_view header(std::string_view name) const { return find_header(headers, name); }
  // The body as JSON; throws HttpError(protocol).
  [[nodiscard]] boost::json::value json() const;
};

// Request smuggling: nothing from configuration or a user may end a line. Throws HttpError(protocol).
void check_word(std::string_view text);
void check_value(std::string_view text);  // blanks and tabs are allowed

// For path segments and query values: everything but RFC 3986's unreserved characters is escaped.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace fairlead::http
