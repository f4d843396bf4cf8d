// SPDX-License-Identifier: Apache-2.0
// The table of key families, and EVP's one-shot signatures.
#include "crypto/signature_key.hpp"

#include <array>

namespace fairlead::ssh {

const KeyFamily* find_key_family(std::string_view type) noexcept {
  for (const auto families : {ed25519_families(), ecdsa_families(), rsa_families(), security_key_families()})
    for (const KeyFamily& family : families)
      if (family.type == type) return &family;
  return nullptr;
}

SigningKeyResult adopt_signing_key(EvpKey key) {
  if (EVP_PKEY_is_a(key.get(), "ED25519") == 1) return adopt_ed25519(std::move(key));
  if (EVP_PKEY_is_a(key.get(), "EC") == 1) return adopt_ecdsa(std::move(key));
  if (EVP_PKEY_is_a(key.get(), "RSA") == 1) return adopt_rsa(std::move(key));
  return failure(Errc::unsupported_key, "not an Ed25519, ECDSA or RSA key");
}

Result<std::vector<std::byte>> evp_sign(EVP_PKEY* key, const char* hash, Bytes data) {
  const EvpDigestContext context(EVP_MD_CTX_new());
  std::vector<std::byte> signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
  std::size_t size = signature.size();
  if (!context || EVP_DigestSignInit_ex(context.get(), nullptr, hash, nullptr, nullptr, key, nullptr) != 1 ||
      EVP_DigestSign(context.get(), octets(MutableBytes(signature)), &size, octets(data), data.size()) != 1)
    return failure(Errc::crypto_failed, "signing failed");
  signature.resize(size);
  return signature;
}

bool evp_verify(EVP_PKEY* key, const char* hash, Bytes data, Bytes signature) {
  const EvpDigestContext context(EVP_MD_CTX_new());
  return context &&
         EVP_DigestVerifyInit_ex(context.get(), nullptr, hash, nullptr, nullptr, key, nullptr) == 1 &&
         EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(data), data.size()) == 1;
}

}  // namespace fairlead::ssh
