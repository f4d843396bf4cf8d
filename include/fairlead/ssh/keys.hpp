// SPDX-License-Identifier: Apache-2.0
// Public and private signature keys: Ed25519, ECDSA P-256/384/521 and RSA; of keys in FIDO tokens, the public
// half. Immutable, cheap to copy, thread-safe.
#pragma once

#include <fairlead/ssh/bytes.hpp>
#include <fairlead/ssh/error.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

// What the holder of a FIDO token did for a signature, as the token says under that signature (OpenSSH's
// PROTOCOL.u2f).
struct SecurityKeyUse {
  bool touched = false;        // showed that somebody is there
  bool user_verified = false;  // and who: by a PIN or a fingerprint
  std::uint32_t counter = 0;   // of the token's signatures, as far as it counts them

  friend bool operator==(const SecurityKeyUse&, const SecurityKeyUse&) = default;
};

class PublicKey {
 public:
  // From the wire form (RFC 4253 section 6.6). RSA under 2048 or over 16384 bits, wrong lengths, points off
  // the curve and trailing bytes are refused: bad_key or unsupported_key.
  [[nodiscard]] static Result<PublicKey> from_blob(Bytes blob);
  // From an authorized_keys-style "type base64 [comment]" without options.
  [[nodiscard]] static Result<PublicKey> from_text(std::string_view line);

  [[nodiscard]] std::string_view type() const noexcept;  // "ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa", …
  [[nodiscard]] Bytes blob() const noexcept;             // lives as long as any copy of this key
  [[nodiscard]] std::string text() const;                // "type base64"
  [[nodiscard]] std::string fingerprint() const;         // "SHA256:…" as ssh-keygen -l prints it

  // Signature algorithms this key may use, best first: {"rsa-sha2-512", "rsa-sha2-256"} for RSA, {type()}
  // otherwise.
  [[nodiscard]] std::vector<std::string_view> algorithms() const;
  // `signature` is the wire form: string algorithm, string blob, and for security keys flags and counter. Its
  // algorithm must be `algorithm`, which must fit the key. A security key must have been touched
  // (CVE-2026-39831).
  [[nodiscard]] Result<> verify(std::string_view algorithm, Bytes data, Bytes signature) const;

  // Whether the private key is in a FIDO token: "sk-ssh-ed25519@openssh.com" and
  // "sk-ecdsa-sha2-nistp256@openssh.com".
  [[nodiscard]] bool is_security_key() const noexcept;
  // verify() for those who decide themselves whether a touch is needed, or a PIN. Nothing for other keys.
  [[nodiscard]] Result<std::optional<SecurityKeyUse>> verify_use(std::string_view algorithm, Bytes data,
                                                                 Bytes signature) const;

  friend bool operator==(const PublicKey& a, const PublicKey& b) noexcept {
    return equal(a.blob(), b.blob());
  }

 private:
  friend class PrivateKey;
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

class PrivateKey {
 public:
  enum class Type { ed25519, ecdsa_p256, ecdsa_p384, ecdsa_p521, rsa_3072 };
  [[nodiscard]] static Result<PrivateKey> generate(Type type);
  // The text of a key file: OpenSSH's format, PKCS#8, PKCS#1 or SEC1; the passphrase is for encrypted ones.
  [[nodiscard]] static Result<PrivateKey> from_text(std::string_view text, std::string_view passphrase = {});
  [[nodiscard]] static Result<PrivateKey> load(const std::string& path, std::string_view passphrase = {});

  [[nodiscard]] const PublicKey& public_key() const noexcept;
  // The wire form of a signature. May take milliseconds for RSA: call it off the connection's thread then.
  [[nodiscard]] Result<std::vector<std::byte>> sign(std::string_view algorithm, Bytes data) const;
  // OpenSSH's private key file format, not encrypted. The caller wipes what it keeps.
  [[nodiscard]] std::string to_openssh_text(std::string_view comment) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace fairlead::ssh
