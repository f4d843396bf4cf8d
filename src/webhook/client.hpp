// SPDX-License-Identifier: Apache-2.0
// From a configured HTTP client block to a client.
#pragma once

#include "config/http.hpp"
#include "http/client.hpp"

#include <expected>
#include <string>

namespace fairlead::webhook {

struct Server {
  http::Client client;
  std::string target;  // of the URL, as it was written
};

// Reads certificates and keys from their files. `answer_limit` in bytes. The error is a reason: "cacert: …".
[[nodiscard]] std::expected<Server, std::string> make_client(const config::HttpClient& block,
                                                             std::size_t answer_limit);

}  // namespace fairlead::webhook
