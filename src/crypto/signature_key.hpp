// SPDX-License-Identifier: Apache-2.0
// What one type of signature key must offer; PublicKey and PrivateKey are built on it.
#pragma once

#include "base/secret.hpp"
#include "base/wire.hpp"
#include "crypto/evp.hpp"

#include <fairlead/ssh/error.hpp>

#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

// Immutable and thread-safe.
class VerifyingKey {
 public:
  virtual ~VerifyingKey() = default;

  [[nodiscard]] virtual std::string_view type() const noexcept = 0;
  // Best first.
  [[nodiscard]] virtual std::span<const std::string_view> algorithms() const noexcept = 0;
  // `algorithm` is one of algorithms(); `signature` is the blob inside the wire form.
  [[nodiscard]] virtual Result<> verify(std::string_view algorithm, Bytes data, Bytes signature) const = 0;
  // Of a key in a FIDO token, whose signatures are for verify_security_key(); empty for all others.
  [[nodiscard]] virtual std::string_view application() const noexcept { return {}; }
};

// Immutable and thread-safe.
class SigningKey {
 public:
  virtual ~SigningKey() = default;

  [[nodiscard]] virtual std::vector<std::byte> public_blob() const = 0;
  // `algorithm` is one of the public key's algorithms(); the result is the blob inside the wire form.
  [[nodiscard]] virtual Result<std::vector<std::byte>> sign(std::string_view algorithm, Bytes data) const = 0;
  // What stands between key type and comment in OpenSSH's private key file.
  [[nodiscard]] virtual SecretBytes private_fields() const = 0;
};

using VerifyingKeyResult = Result<std::unique_ptr<const VerifyingKey>>;
using SigningKeyResult = Result<std::unique_ptr<const SigningKey>>;

// Readers take the fields that follow the key type and leave what comes after them; they fail with bad_key or
// unsupported_key, and check sizes before OpenSSL sees a number.
struct KeyFamily {
  std::string_view type;
  VerifyingKeyResult (*read_public)(WireReader& fields);  // of a public key blob
  SigningKeyResult (*read_private)(WireReader& fields);   // of OpenSSH's private key file
};

// Null for a type we do not have.
[[nodiscard]] const KeyFamily* find_key_family(std::string_view type) noexcept;
// The family of a key that OpenSSL decoded or generated decides; limits hold here too.
[[nodiscard]] SigningKeyResult adopt_signing_key(EvpKey key);

// One file per type: ed25519.cpp, ecdsa.cpp, rsa.cpp, security_key.cpp.
[[nodiscard]] std::span<const KeyFamily> ed25519_families() noexcept;
[[nodiscard]] std::span<const KeyFamily> ecdsa_families() noexcept;
[[nodiscard]] std::span<const KeyFamily> rsa_families() noexcept;
[[nodiscard]] std::span<const KeyFamily> security_key_families() noexcept;
[[nodiscard]] SigningKeyResult adopt_ed25519(EvpKey key);
[[nodiscard]] SigningKeyResult adopt_ecdsa(EvpKey key);
[[nodiscard]] SigningKeyResult adopt_rsa(EvpKey key);

// EVP's one-shot forms; `hash` is null where the algorithm brings its own.
[[nodiscard]] Result<std::vector<std::byte>> evp_sign(EVP_PKEY* key, const char* hash, Bytes data);
[[nodiscard]] bool evp_verify(EVP_PKEY* key, const char* hash, Bytes data, Bytes signature);

}  // namespace fairlead::ssh
