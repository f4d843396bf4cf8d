// SPDX-License-Identifier: Apache-2.0
// The one exception of the HTTP client, with a sentence that names the peer and what went wrong.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace fairlead::http {

enum class Failure : std::uint8_t {
  endpoint,   // the address or the TLS settings mean nothing
  connect,    // nobody answers there, or TLS failed: the request was not sent
  timeout,    // the deadline passed
  closed,     // the connection ended before the answer was complete
  protocol,   // the answer is not HTTP, or not what was asked for
  too_big,    // the answer is longer than allowed
  cancelled,  // the calling coroutine was cancelled
};

class HttpError : public std::runtime_error {
 public:
  HttpError(Failure kind, const std::string& sentence) : std::runtime_error(sentence), kind_(kind) {}
  [[nodiscard]] Failure kind() const noexcept { return kind_; }

 private:
  Failure kind_;
};

}  // namespace fairlead::http
