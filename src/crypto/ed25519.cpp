// SPDX-License-Identifier: Apache-2.0
// ssh-ed25519 (RFC 8709).
#include "crypto/secret_writer.hpp"
#include "crypto/signature_key.hpp"

#include <array>

namespace fairlead::ssh {

namespace {

constexpr std::size_t public_size = 32;
constexpr std::size_t seed_size = 32;
constexpr std::size_t signature_size = 64;

constexpr std::string_view type_name = "ssh-ed25519";
constexpr std::array type_list{type_name};

using PublicBytes = std::array<std::byte, public_size>;

class Ed25519VerifyingKey final : public VerifyingKey {
 public:
  explicit Ed25519VerifyingKey(EvpKey key) noexcept : key_(std::move(key)) {}

  std::string_view type() const noexcept override { return type_name; }
  std::span<const std::string_view> algorithms() const noexcept override { return type_list; }
  Result<> verify(std::string_view, Bytes data, Bytes signature) const override {
    if (signature.size() != signature_size)
      return failure(Errc::bad_signature, "Ed25519 signature is not 64 bytes");
    if (!evp_verify(key_.get(), nullptr, data, signature)) return failure(Errc::bad_signature);
    return {};
  }

 private:
  EvpKey key_;
};

class Ed25519SigningKey final : public SigningKey {
 public:
  Ed25519SigningKey(EvpKey key, const PublicBytes& public_bytes) noexcept
      : key_(std::move(key)), public_(public_bytes) {}

  std::vector<std::byte> public_blob() const override {
    ByteBuffer blob;
    WireWriter(blob).string(type_name).string(public_);
    return {blob.readable().begin(), blob.readable().end()};
  }
  Result<std::vector<std::byte>> sign(std::string_view, Bytes data) const override {
    return evp_sign(key_.get(), nullptr, data);
  }
  // The public key, then seed and public key in one string.
  SecretBytes private_fields() const override {
    SecretBytes seed(seed_size);
    std::size_t size = seed.size();
    if (EVP_PKEY_get_raw_private_key(key_.get(), octets(MutableBytes(seed)), &size) != 1) return {};
    return SecretWriter().string(public_).u32(seed_size + public_size).raw(seed).raw(public_).take();
  }

 private:
  EvpKey key_;
  PublicBytes public_;
};

VerifyingKeyResult read_public(WireReader& fields) {
  const Bytes bytes = fields.string();
  if (bytes.size() != public_size) return failure(Errc::bad_key, "Ed25519 key is not 32 bytes");
  EvpKey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(bytes), bytes.size()));
  if (!key) return failure(Errc::bad_key);
  return std::make_unique<const Ed25519VerifyingKey>(std::move(key));
}

SigningKeyResult read_private(WireReader& fields) {
  const Bytes public_bytes = fields.string();
  const Bytes secret = fields.string();
  if (public_bytes.size() != public_size || secret.size() != seed_size + public_size ||
      !equal(secret.subspan(seed_size), public_bytes))
    return failure(Errc::bad_key, "Ed25519 private key is inconsistent");
  EvpKey key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, octets(secret), seed_size));
  if (!key) return failure(Errc::bad_key);
  return adopt_ed25519(std::move(key));
}

constexpr std::array families{KeyFamily{type_name, &read_public, &read_private}};

}  // namespace

std::span<const KeyFamily> ed25519_families() noexcept {
  return families;
}

SigningKeyResult adopt_ed25519(EvpKey key) {
  PublicBytes public_bytes;
  std::size_t size = public_bytes.size();
  if (EVP_PKEY_get_raw_public_key(key.get(), octets(MutableBytes(public_bytes)), &size) != 1)
    return failure(Errc::bad_key);
  return std::make_unique<const Ed25519SigningKey>(std::move(key), public_bytes);
}

}  // namespace fairlead::ssh
