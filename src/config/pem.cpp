// SPDX-License-Identifier: Apache-2.0
// OpenSSL reads what is there and compares keys; nothing is kept.
#include "config/pem.hpp"

#include "config/node.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace fairlead::config {
namespace {

struct Free {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Certificate = std::unique_ptr<X509, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;

Bio open(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// No passphrase: a terminal is not asked, and encrypted keys are refused.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

Certificate first_certificate(const std::string& text) {
  const Bio bio = open(text);
  Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  return certificate;
}

}  // namespace

bool is_pem(std::string_view value) noexcept {
  const std::size_t begin = value.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && value.substr(begin).starts_with("-----");
}

std::expected<std::string, std::string> pem_text(const std::string& value) {
  if (is_pem(value)) return value.substr(value.find('-'));
  return read_text_file(value);
}

std::string certificate_mistake(const std::string& value) {
  const auto text = pem_text(value);
  if (!text) return text.error();
  return first_certificate(*text) ? "" : "holds no certificate in PEM form";
}

std::string private_key_mistake(const std::string& value, const std::string& certificate) {
  const auto text = pem_text(value);
  if (!text) return text.error();
  const Bio bio = open(*text);
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  if (!key) return "holds no private key in PEM form without a passphrase";
  const auto chain = pem_text(certificate);
  const Certificate first = chain ? first_certificate(*chain) : nullptr;
  const bool fits = first && X509_check_private_key(first.get(), key.get()) == 1;
  ERR_clear_error();
  return fits ? "" : "is not the key of the certificate";
}

}  // namespace fairlead::config
