// SPDX-License-Identifier: Apache-2.0
// A FIDO token in software for OpenSSH's SecurityKeyProvider (its sk-api.h, version 10): a key handle is the
// private key itself, and it is always touched.
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace {

using Octets = std::vector<std::uint8_t>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

constexpr std::uint32_t api_version = 0x000a0000;
constexpr std::uint32_t ecdsa = 0;  // the other algorithm is Ed25519
constexpr std::uint8_t touched = 1;
constexpr int general_error = -1;
constexpr std::size_t coordinate = 32;

// What the caller frees with free().
std::uint8_t* give(const Octets& bytes, std::size_t& size) {
  auto* const copy = static_cast<std::uint8_t*>(std::malloc(bytes.size()));
  if (copy == nullptr) return nullptr;
  std::memcpy(copy, bytes.data(), bytes.size());
  size = bytes.size();
  return copy;
}

Octets digest(const void* data, std::size_t size) {
  Octets hash(SHA256_DIGEST_LENGTH);
  SHA256(static_cast<const unsigned char*>(data), size, hash.data());
  return hash;
}

Octets private_part(EVP_PKEY* key) {
  unsigned char* encoded = nullptr;
  const int size = i2d_PrivateKey(key, &encoded);
  Octets bytes(encoded, encoded + size);
  OPENSSL_free(encoded);
  return bytes;
}

// Ed25519: 32 bytes; ECDSA: an uncompressed point.
Octets public_part(EVP_PKEY* key, bool is_ecdsa) {
  Octets bytes(is_ecdsa ? 1 + 2 * coordinate : coordinate);
  std::size_t size = bytes.size();
  if (is_ecdsa)
    EVP_PKEY_get_octet_string_param(key, "pub", bytes.data(), bytes.size(), &size);
  else
    EVP_PKEY_get_raw_public_key(key, bytes.data(), &size);
  return bytes;
}

Octets sign(EVP_PKEY* key, bool is_ecdsa, const Octets& message) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  const EVP_MD* const hash = is_ecdsa ? EVP_sha256() : nullptr;
  Octets signature(256);
  std::size_t size = signature.size();
  if (EVP_DigestSignInit(context.get(), nullptr, hash, nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1)
    return {};
  signature.resize(size);
  return signature;
}

Octets number(const BIGNUM* value) {
  Octets bytes(coordinate);
  BN_bn2binpad(value, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

}  // namespace

// sk_enroll_response and sk_sign_response: their layout is the interface's.
struct EnrollResponse {
  std::uint8_t flags;
  std::uint8_t* public_key;
  std::size_t public_key_len;
  std::uint8_t* key_handle;
  std::size_t key_handle_len;
  std::uint8_t* signature;
  std::size_t signature_len;
  std::uint8_t* attestation_cert;
  std::size_t attestation_cert_len;
  std::uint8_t* authdata;
  std::size_t authdata_len;
};
struct SignResponse {
  std::uint8_t flags;
  std::uint32_t counter;
  std::uint8_t* sig_r;
  std::size_t sig_r_len;
  std::uint8_t* sig_s;
  std::size_t sig_s_len;
};

extern "C" {

std::uint32_t sk_api_version() {
  return api_version;
}

int sk_enroll(std::uint32_t algorithm, const std::uint8_t*, std::size_t, const char*, std::uint8_t flags,
              const char*, void**, EnrollResponse** response) {
  const bool is_ecdsa = algorithm == ecdsa;
  const Key key(is_ecdsa ? EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")
                         : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"),
                &EVP_PKEY_free);
  auto* const made = static_cast<EnrollResponse*>(std::calloc(1, sizeof(EnrollResponse)));
  if (!key || made == nullptr) return general_error;
  made->flags = flags;
  made->public_key = give(public_part(key.get(), is_ecdsa), made->public_key_len);
  made->key_handle = give(private_part(key.get()), made->key_handle_len);
  made->signature = give({0}, made->signature_len);  // of an attestation that nobody asks for
  *response = made;
  return 0;
}

int sk_sign(std::uint32_t algorithm, const std::uint8_t* data, std::size_t size, const char* application,
            const std::uint8_t* handle, std::size_t handle_size, std::uint8_t, const char*, void**,
            SignResponse** response) {
  const Key key(d2i_AutoPrivateKey(nullptr, &handle, static_cast<long>(handle_size)), &EVP_PKEY_free);
  auto* const made = static_cast<SignResponse*>(std::calloc(1, sizeof(SignResponse)));
  if (!key || made == nullptr) return general_error;
  made->flags = touched;
  made->counter = 7;
  Octets message = digest(application, std::strlen(application));
  message.insert(message.end(), {touched, 0, 0, 0, 7});
  const Octets hash = digest(data, size);
  message.insert(message.end(), hash.begin(), hash.end());
  const bool is_ecdsa = algorithm == ecdsa;
  const Octets signature = sign(key.get(), is_ecdsa, message);
  if (is_ecdsa) {
    const unsigned char* encoded = signature.data();
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> parts(
        d2i_ECDSA_SIG(nullptr, &encoded, static_cast<long>(signature.size())), &ECDSA_SIG_free);
    made->sig_r = give(number(ECDSA_SIG_get0_r(parts.get())), made->sig_r_len);
    made->sig_s = give(number(ECDSA_SIG_get0_s(parts.get())), made->sig_s_len);
  } else {
    made->sig_r = give(signature, made->sig_r_len);
  }
  *response = made;
  return 0;
}

int sk_load_resident_keys(const char*, void**, void***, std::size_t* count) {
  *count = 0;
  return 0;
}

}  // extern "C"
