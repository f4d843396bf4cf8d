// SPDX-License-Identifier: Apache-2.0
// PublicKey and PrivateKey: shared immutable state around a VerifyingKey and a SigningKey.
#include "base/secret.hpp"
#include "crypto/ec_curve.hpp"
#include "crypto/hash.hpp"
#include "crypto/key_file.hpp"
#include "crypto/key_line.hpp"
#include "crypto/limits.hpp"
#include "crypto/security_key.hpp"
#include "crypto/signature_key.hpp"

#include <fairlead/ssh/keys.hpp>

#include <openssl/rsa.h>

#include <algorithm>
#include <fstream>

namespace fairlead::ssh {

struct PublicKey::Impl {
  std::vector<std::byte> blob;
  std::unique_ptr<const VerifyingKey> key;
};

Result<PublicKey> PublicKey::from_blob(Bytes blob) {
  if (blob.size() > max_key_blob) return failure(Errc::bad_key, "key is too large");
  WireReader fields(blob);
  const KeyFamily* const family = find_key_family(fields.text());
  if (!fields.ok()) return failure(Errc::bad_key);
  if (family == nullptr) return failure(Errc::unsupported_key);
  auto key = family->read_public(fields);
  if (!key) return std::unexpected(key.error());
  if (!fields.done()) return failure(Errc::bad_key, "bytes after the key");
  PublicKey result;
  result.impl_ =
      std::make_shared<const Impl>(std::vector<std::byte>(blob.begin(), blob.end()), std::move(*key));
  return result;
}

Result<PublicKey> PublicKey::from_text(std::string_view line) {
  const auto parts = split_key_line(line, max_key_blob);
  if (!parts) return std::unexpected(parts.error());
  auto key = from_blob(parts->blob);
  if (key && key->type() != parts->type) return failure(Errc::bad_key, "type and key do not fit together");
  return key;
}

std::string_view PublicKey::type() const noexcept {
  return impl_ ? impl_->key->type() : std::string_view();
}

Bytes PublicKey::blob() const noexcept {
  return impl_ ? Bytes(impl_->blob) : Bytes();
}

std::string PublicKey::text() const {
  return std::string(type()).append(" ").append(base64(blob()));
}

std::string PublicKey::fingerprint() const {
  std::string encoded = base64(digest("SHA256", {blob()}));
  while (encoded.ends_with('=')) encoded.pop_back();
  return "SHA256:" + encoded;
}

std::vector<std::string_view> PublicKey::algorithms() const {
  if (!impl_) return {};
  const auto list = impl_->key->algorithms();
  return {list.begin(), list.end()};
}

bool PublicKey::is_security_key() const noexcept {
  return impl_ && !impl_->key->application().empty();
}

Result<> PublicKey::verify(std::string_view algorithm, Bytes data, Bytes signature) const {
  const auto use = verify_use(algorithm, data, signature);
  if (!use) return std::unexpected(use.error());
  if (*use && !(*use)->touched) return failure(Errc::bad_signature, "the security key was not touched");
  return {};
}

Result<std::optional<SecurityKeyUse>> PublicKey::verify_use(std::string_view algorithm, Bytes data,
                                                            Bytes signature) const {
  if (!impl_) return failure(Errc::bad_key);
  const auto list = impl_->key->algorithms();
  if (std::ranges::find(list, algorithm) == list.end())
    return failure(Errc::bad_signature, "algorithm does not fit the key");
  WireReader fields(signature);
  if (fields.text() != algorithm) return failure(Errc::bad_signature, "signature is of another algorithm");
  if (is_security_key()) return verify_security_key(*impl_->key, data, fields);
  const Bytes blob = fields.string();
  if (!fields.done()) return failure(Errc::bad_signature, "malformed signature");
  if (const auto verified = impl_->key->verify(algorithm, data, blob); !verified)
    return std::unexpected(verified.error());
  return std::nullopt;
}

struct PrivateKey::Impl {
  PublicKey public_key;
  std::unique_ptr<const SigningKey> key;

  static Result<PrivateKey> assemble(SigningKeyResult key) {
    if (!key) return std::unexpected(key.error());
    auto public_key = PublicKey::from_blob((*key)->public_blob());
    if (!public_key) return std::unexpected(public_key.error());
    PrivateKey result;
    result.impl_ = std::make_shared<const Impl>(std::move(*public_key), std::move(*key));
    return result;
  }

  // A file may combine halves of different keys; signing with such a key can give the private half away.
  static Result<PrivateKey> prove(Result<PrivateKey> key) {
    if (!key) return key;
    const Bytes probe = as_bytes("fairlead key check");
    const std::string_view algorithm = key->public_key().algorithms().front();
    const auto signature = key->sign(algorithm, probe);
    if (!signature || !key->public_key().verify(algorithm, probe, *signature))
      return failure(Errc::bad_key, "private and public key do not fit together");
    return key;
  }
};

Result<PrivateKey> PrivateKey::generate(Type type) {
  const auto made = [&]() -> Result<EvpKey> {
    switch (type) {
      case Type::ed25519:
        return EvpKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
      case Type::ecdsa_p256:
        return generate_ec_key(nistp256);
      case Type::ecdsa_p384:
        return generate_ec_key(nistp384);
      case Type::ecdsa_p521:
        return generate_ec_key(nistp521);
      case Type::rsa_3072:
        return EvpKey(EVP_RSA_gen(3072));
    }
    return EvpKey();
  };
  auto key = made();
  if (!key || !*key) return failure(Errc::crypto_failed, "key generation failed");
  return Impl::assemble(adopt_signing_key(std::move(*key)));
}

Result<PrivateKey> PrivateKey::from_text(std::string_view text, std::string_view passphrase) {
  return Impl::prove(Impl::assemble(read_key_file(text, passphrase)));
}

Result<PrivateKey> PrivateKey::load(const std::string& path, std::string_view passphrase) {
  std::ifstream file(path, std::ios::binary);
  SecretBytes text(max_key_file + 1);
  file.read(reinterpret_cast<char*>(text.data()), static_cast<std::streamsize>(text.size()));
  if (file.bad() || !file.is_open() || file.gcount() == 0)
    return failure(Errc::io_failed, "cannot read the key file");
  return from_text(as_text(Bytes(text).first(static_cast<std::size_t>(file.gcount()))), passphrase);
}

const PublicKey& PrivateKey::public_key() const noexcept {
  static const PublicKey none;
  return impl_ ? impl_->public_key : none;
}

Result<std::vector<std::byte>> PrivateKey::sign(std::string_view algorithm, Bytes data) const {
  if (!impl_) return failure(Errc::bad_key);
  const auto list = impl_->public_key.algorithms();
  if (std::ranges::find(list, algorithm) == list.end())
    return failure(Errc::unsupported_key, "algorithm does not fit the key");
  const auto blob = impl_->key->sign(algorithm, data);
  if (!blob) return std::unexpected(blob.error());
  ByteBuffer signature;
  WireWriter(signature).string(algorithm).string(*blob);
  return std::vector<std::byte>(signature.readable().begin(), signature.readable().end());
}

std::string PrivateKey::to_openssh_text(std::string_view comment) const {
  return impl_ ? write_openssh_key(*impl_->key, comment) : std::string();
}

}  // namespace fairlead::ssh
