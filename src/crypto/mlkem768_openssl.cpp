// SPDX-License-Identifier: Apache-2.0
// ML-KEM-768 of OpenSSL 3.5 and later.
#include "crypto/evp.hpp"
#include "crypto/mlkem768.hpp"

#include <array>

namespace fairlead::ssh {

namespace {

constexpr const char* algorithm = "ML-KEM-768";

// OpenSSL takes parameters as writable memory, and does not write to this one.
OSSL_PARAM octet_parameter(const char* name, Bytes value) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::byte*>(value.data()), value.size());
}

}  // namespace

struct MlKem768Key::Parts {
  EvpKey key;
  std::array<std::byte, mlkem768_key_size> encapsulation_key;
};

MlKem768Key::MlKem768Key(std::unique_ptr<Parts> parts) noexcept : parts_(std::move(parts)) {}
MlKem768Key::MlKem768Key(MlKem768Key&&) noexcept = default;
MlKem768Key& MlKem768Key::operator=(MlKem768Key&&) noexcept = default;
MlKem768Key::~MlKem768Key() = default;

Result<MlKem768Key> MlKem768Key::from_seed(std::span<const std::byte, mlkem768_seed_size> seed) {
  std::array parameters{octet_parameter(OSSL_PKEY_PARAM_ML_KEM_SEED, seed), OSSL_PARAM_construct_end()};
  const EvpKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, parameters.data()) != 1)
    return failure(Errc::crypto_failed, "ML-KEM-768 is not available");
  auto parts = std::make_unique<Parts>();
  parts->key.reset(key);
  std::size_t size = mlkem768_key_size;
  if (EVP_PKEY_get_raw_public_key(key, octets(MutableBytes(parts->encapsulation_key)), &size) != 1 ||
      size != mlkem768_key_size)
    return failure(Errc::crypto_failed, "ML-KEM-768 key cannot be read");
  return MlKem768Key(std::move(parts));
}

Bytes MlKem768Key::encapsulation_key() const noexcept {
  return parts_->encapsulation_key;
}

Result<SecretBytes> MlKem768Key::decapsulate(Bytes ciphertext) const {
  if (ciphertext.size() != mlkem768_ciphertext_size)
    return failure(Errc::key_exchange_failed, "ML-KEM-768 ciphertext is not 1088 bytes");
  const EvpKeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, parts_->key.get(), nullptr));
  SecretBytes secret(mlkem768_secret_size);
  std::size_t size = secret.size();
  if (!context || EVP_PKEY_decapsulate_init(context.get(), nullptr) != 1 ||
      EVP_PKEY_decapsulate(context.get(), octets(MutableBytes(secret)), &size, octets(ciphertext),
                           ciphertext.size()) != 1 ||
      size != secret.size())
    return failure(Errc::crypto_failed, "ML-KEM-768 decapsulation failed");
  return secret;
}

Result<MlKem768Encapsulation> mlkem768_encapsulate(
    Bytes key, std::span<const std::byte, mlkem768_message_size> message) {
  // OpenSSL checks the coefficients while it reads the key; the length is checked here for all versions
  // alike.
  const EvpKey peer(key.size() == mlkem768_key_size
                        ? EVP_PKEY_new_raw_public_key_ex(nullptr, algorithm, nullptr, octets(key), key.size())
                        : nullptr);
  if (!peer) return failure(Errc::key_exchange_failed, "not an ML-KEM-768 encapsulation key");
  const std::array parameters{octet_parameter(OSSL_KEM_PARAM_IKME, message), OSSL_PARAM_construct_end()};
  const EvpKeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, peer.get(), nullptr));
  MlKem768Encapsulation result;
  result.ciphertext.resize(mlkem768_ciphertext_size);
  result.shared_secret.resize(mlkem768_secret_size);
  std::size_t ciphertext_size = result.ciphertext.size();
  std::size_t secret_size = result.shared_secret.size();
  if (!context || EVP_PKEY_encapsulate_init(context.get(), parameters.data()) != 1 ||
      EVP_PKEY_encapsulate(context.get(), octets(MutableBytes(result.ciphertext)), &ciphertext_size,
                           octets(MutableBytes(result.shared_secret)), &secret_size) != 1 ||
      ciphertext_size != mlkem768_ciphertext_size || secret_size != mlkem768_secret_size)
    return failure(Errc::crypto_failed, "ML-KEM-768 encapsulation failed");
  return result;
}

}  // namespace fairlead::ssh
