// SPDX-License-Identifier: Apache-2.0
// What a redirecting answer asks for next, and what may go there. Internal to this floor.
#pragma once

#include "http/client.hpp"
#include "http/url.hpp"

namespace fairlead::http {

// One request of a chain: where it goes and what is sent.
struct Hop {
  Url url;
  Request request;
};

// Makes `hop` the request that `answer` asks for; false when the answer is final (no redirect, or one without
// a place to go). Throws HttpError(protocol) for a place where no request may go.
[[nodiscard]] bool follow(Hop& hop, const Response& answer);

}  // namespace fairlead::http
