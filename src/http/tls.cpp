// SPDX-License-Identifier: Apache-2.0
// TLS settings in OpenSSL's words.
#include "http/tls.hpp"

#include "http/error.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace fairlead::http {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;

// RFC 5289 and RFC 7905 against OpenSSL's names, which it does not take in IANA's spelling before 3.2.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> tls12_suites{{
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"},
}};

[[noreturn]] void refuse(const std::string& what) {
  ERR_clear_error();
  throw HttpError(Failure::endpoint, "TLS settings: " + what);
}

void append(std::string& list, std::string_view name) {
  if (!list.empty()) list += ':';
  list += name;
}

void limit_versions(SSL_CTX* context, const TlsOptions& options) {
  // RFC 8996: nothing below TLS 1.2.
  if (options.minimum_version != "1.2" && options.minimum_version != "1.3")
    refuse("version " + options.minimum_version + " is neither 1.2 nor 1.3");
  SSL_CTX_set_min_proto_version(context, options.minimum_version == "1.3" ? TLS1_3_VERSION : TLS1_2_VERSION);
}

void limit_curves(SSL_CTX* context, const std::vector<std::string>& curves) {
  if (curves.empty()) return;
  std::string list;
  for (const std::string& curve : curves) append(list, curve == "secp256r1" ? "prime256v1" : curve);
  if (SSL_CTX_set1_groups_list(context, list.c_str()) != 1) refuse("curves: " + list + " cannot all be used");
}

void limit_ciphers(SSL_CTX* context, const std::vector<std::string>& ciphers) {
  if (ciphers.empty()) return;
  std::string tls12;
  std::string tls13;
  for (const std::string& name : ciphers) {
    const auto* const known = std::ranges::find(tls12_suites, std::string_view(name),
                                                &std::pair<std::string_view, std::string_view>::first);
    if (known != tls12_suites.end())
      append(tls12, known->second);
    else
      append(tls13, name);
  }
  if (tls12.empty())
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  else if (SSL_CTX_set_cipher_list(context, tls12.c_str()) != 1)
    refuse("cipher: " + tls12 + " cannot all be used");
  if (!tls13.empty() && SSL_CTX_set_ciphersuites(context, tls13.c_str()) != 1)
    refuse("cipher: " + tls13 + " cannot all be used");
}

void use_identity(ssl::context& context, const TlsOptions& options) {
  if (options.certificate.empty()) return;
  boost::system::error_code error;
  context.use_certificate_chain(asio::buffer(options.certificate), error);
  if (error) refuse("cert: " + error.message());
  context.use_private_key(asio::buffer(options.key), ssl::context::pem, error);
  if (error) refuse("key: " + error.message());
  if (SSL_CTX_check_private_key(context.native_handle()) != 1)
    refuse("key: does not belong to the certificate");
}

void trust(ssl::context& context, const std::string& authorities, const char* setting) {
  boost::system::error_code error;
  context.add_certificate_authority(asio::buffer(authorities), error);
  if (error) refuse(std::string(setting) + ": " + error.message());
  // Every certificate in the file is a trust anchor, also one that another authority issued: as in Go.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context.native_handle()), X509_V_FLAG_PARTIAL_CHAIN);
}

TlsContext make_context(ssl::context::method method, const TlsOptions& options) {
  auto context = std::make_shared<ssl::context>(method);
  limit_versions(context->native_handle(), options);
  limit_curves(context->native_handle(), options.curves);
  limit_ciphers(context->native_handle(), options.ciphers);
  use_identity(*context, options);
  return context;
}

}  // namespace

TlsContext make_client_tls(const TlsOptions& options) {
  auto context = make_context(ssl::context::tls_client, options);
  context->set_verify_mode(ssl::verify_peer);
  if (options.ca.empty())
    context->set_default_verify_paths();
  else
    trust(*context, options.ca, "cacert");
  return context;
}

TlsContext make_server_tls(const TlsOptions& options) {
  if (options.certificate.empty()) refuse("a server needs a certificate");
  auto context = make_context(ssl::context::tls_server, options);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION);
  // Connections are short and probes few: nothing is won by remembering sessions, and a ticket would outlive
  // the check of a client certificate.
  SSL_CTX_set_session_cache_mode(context->native_handle(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context->native_handle(), 0);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_TICKET);
  if (!options.ca.empty()) {
    trust(*context, options.ca, "clientcacert");
    context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  }
  return context;
}

void expect_host(SSL* connection, const std::string& host) {
  X509_VERIFY_PARAM* const check = SSL_get0_param(connection);
  // RFC 9525 section 4.1: the common name of the subject names nobody.
  X509_VERIFY_PARAM_set_hostflags(check,
                                  X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  boost::system::error_code not_numeric;
  (void)asio::ip::make_address(host, not_numeric);
  // RFC 6066 section 3: names only, never addresses, are sent to the server.
  const bool set = not_numeric ? X509_VERIFY_PARAM_set1_host(check, host.data(), host.size()) == 1 &&
                                     SSL_set_tlsext_host_name(connection, host.c_str()) == 1
                               : X509_VERIFY_PARAM_set1_ip_asc(check, host.c_str()) == 1;
  if (!set) refuse("no certificate can be for \"" + host + "\"");
}

std::string certificate_problem(const SSL* connection) {
  const long result = SSL_get_verify_result(connection);
  return result == X509_V_OK ? "" : X509_verify_cert_error_string(result);
}

}  // namespace fairlead::http
