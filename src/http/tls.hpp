// SPDX-License-Identifier: Apache-2.0
// TLS contexts of the client and the server, and who the peer must be. Internal to this floor.
#pragma once

#include "http/tls_options.hpp"

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>

namespace fairlead::http {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

// Both throw HttpError(endpoint) with a sentence that names the setting which cannot be used.
[[nodiscard]] TlsContext make_client_tls(const TlsOptions& options);
[[nodiscard]] TlsContext make_server_tls(const TlsOptions& options);

// The server's certificate must be for `host`, a name or an address, in its subjectAltName.
void expect_host(SSL* connection, const std::string& host);
// Why the peer's certificate was refused, "" when that is not what went wrong.
[[nodiscard]] std::string certificate_problem(const SSL* connection);

}  // namespace fairlead::http
