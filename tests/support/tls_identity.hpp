// SPDX-License-Identifier: Apache-2.0
// Certificates with their keys, made on the spot.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace fairlead::test {

// A P-256 key and its certificate, which may issue others; PEM texts.
struct TlsIdentity {
  struct Options {
    std::string common_name = "engine";
    std::string alternative_name = "IP:127.0.0.1";  // "": none
    const TlsIdentity* issuer = nullptr;            // nullptr: signed by itself
  };

  std::string certificate, key;

  TlsIdentity() : TlsIdentity(Options{}) {}
  explicit TlsIdentity(const Options& options) {
    X509* x509 = x509_.get();
    X509_set_version(x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), next_serial());
    X509_gmtime_adj(X509_getm_notBefore(x509), -60);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_set_pubkey(x509, pair_.get());
    auto* name = X509_get_subject_name(x509);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(options.common_name.c_str()), -1, -1,
                               0);
    const TlsIdentity& issuer = options.issuer != nullptr ? *options.issuer : *this;
    X509_set_issuer_name(x509, X509_get_subject_name(issuer.x509_.get()));
    extend(NID_basic_constraints, "critical,CA:TRUE");
    if (!options.alternative_name.empty()) extend(NID_subject_alt_name, options.alternative_name);
    X509_sign(x509, issuer.pair_.get(), EVP_sha256());
    certificate = pem_of([&](BIO* out) { PEM_write_bio_X509(out, x509); });
    key = pem_of(
        [&](BIO* out) { PEM_write_bio_PrivateKey(out, pair_.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  }

 private:
  static long next_serial() {
    static long serial = 0;
    return ++serial;
  }

  static std::string pem_of(auto write) {
    BIO* memory = BIO_new(BIO_s_mem());
    write(memory);
    char* data = nullptr;
    const auto size = BIO_get_mem_data(memory, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(memory);
    return text;
  }

  void extend(int id, const std::string& value) {
    auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value.c_str());
    X509_add_ext(x509_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  std::unique_ptr<X509, decltype(&X509_free)> x509_{X509_new(), X509_free};
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pair_{
      EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free};
};

}  // namespace fairlead::test
