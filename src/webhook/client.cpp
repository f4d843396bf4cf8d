// SPDX-License-Identifier: Apache-2.0
// URLs and PEM texts of an HTTP client block.
#include "webhook/client.hpp"

#include "config/pem.hpp"
#include "http/url.hpp"

#include <optional>
#include <utility>

namespace fairlead::webhook {
namespace {

std::string load_pem(const std::string& value, const char* key) {
  if (value.empty()) return {};
  auto text = config::pem_text(value);
  if (!text) throw http::HttpError(http::Failure::endpoint, std::string(key) + ": " + text.error());
  return std::move(*text);
}

http::TlsOptions tls_options(const config::HttpClient& block) {
  http::TlsOptions tls;
  tls.ca = load_pem(block.cacert, "cacert");
  tls.certificate = load_pem(block.cert, "cert");
  tls.key = load_pem(block.key, "key");
  tls.minimum_version = block.tls.minimum_version;
  tls.curves = block.tls.curves;
  tls.ciphers = block.tls.ciphers;
  return tls;
}

}  // namespace

std::expected<Server, std::string> make_client(const config::HttpClient& block, std::size_t answer_limit) {
  try {
    http::Url url = http::Url::parse(block.url);
    std::optional<http::TlsOptions> tls;
    if (url.endpoint.kind == http::Endpoint::Kind::tls) tls = tls_options(block);
    return Server{http::Client(std::move(url.endpoint), std::move(tls), answer_limit), std::move(url.target)};
  } catch (const http::HttpError& error) {
    return std::unexpected(error.what());
  }
}

}  // namespace fairlead::webhook
