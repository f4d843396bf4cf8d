// SPDX-License-Identifier: Apache-2.0
// URLs and PEM texts of an HTTP client block.
#include "webhook/client.hpp"

#include "config/node.hpp"

#include <optional>
#include <utility>

namespace fairlead::webhook {
namespace {

// PEM text, or the name of a file that holds it.
std::string load_pem(const std::string& value, const char* key) {
  const auto begin = value.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return {};
  if (value.compare(begin, 5, "-----") == 0) return value.substr(begin);
  auto text = config::read_text_file(value);
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

std::string path_of(const std::string& url) {
  const auto host = url.find("://");
  const auto path = host == std::string::npos ? host : url.find('/', host + 3);
  return path == std::string::npos ? std::string() : url.substr(path);
}

}  // namespace

std::expected<Server, std::string> make_client(const config::HttpClient& block, std::size_t answer_limit) {
  try {
    http::Endpoint endpoint = http::Endpoint::parse(block.url);
    endpoint.path.clear();
    std::optional<http::TlsOptions> tls;
    if (endpoint.kind == http::Endpoint::Kind::tls) tls = tls_options(block);
    return Server{http::Client(std::move(endpoint), std::move(tls), answer_limit), path_of(block.url)};
  } catch (const http::HttpError& error) {
    return std::unexpected(error.what());
  }
}

}  // namespace fairlead::webhook
