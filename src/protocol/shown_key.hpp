// SPDX-License-Identifier: Apache-2.0
// What a peer shows to prove who it is, in a key exchange or a login: a plain key, or a certificate around
// one.
#pragma once

#include <fairlead/ssh/certificate.hpp>
#include <fairlead/ssh/keys.hpp>

#include <optional>
#include <string_view>
#include <utility>

namespace fairlead::ssh {

class ShownKey {
 public:
  // Fails as PublicKey::from_blob() and Certificate::from_blob() do.
  [[nodiscard]] static Result<ShownKey> from_blob(Bytes blob);

  // What signs when this is shown under `algorithm`; empty when it cannot be. A certificate never passes
  // under the name of its key, nor the key under a certificate's.
  [[nodiscard]] std::string_view signature_algorithm(std::string_view algorithm) const;
  // The key that signs.
  [[nodiscard]] const PublicKey& key() const noexcept { return certificate_ ? certificate_->key() : key_; }
  [[nodiscard]] const std::optional<Certificate>& certificate() const noexcept { return certificate_; }

 private:
  explicit ShownKey(PublicKey key) : key_(std::move(key)) {}
  explicit ShownKey(Certificate certificate) : certificate_(std::move(certificate)) {}

  PublicKey key_;
  std::optional<Certificate> certificate_;
};

}  // namespace fairlead::ssh
