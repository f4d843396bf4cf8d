// SPDX-License-Identifier: Apache-2.0
// Revoked keys and certificates: OpenSSH's key revocation lists (PROTOCOL.krl) and plain lists of keys.
#pragma once

#include <fairlead/ssh/certificate.hpp>
#include <fairlead/ssh/keys.hpp>

#include <memory>
#include <string>

namespace fairlead::ssh {

// Immutable, cheap to copy, thread-safe. An empty object revokes nothing; whoever cannot read a list has to
// refuse every key, as OpenSSH does.
class RevocationList {
 public:
  // A KRL as `ssh-keygen -k` writes it, or text with one public key or certificate a line, '#' for comments.
  // Whatever is not understood completely is an error. Signatures in a KRL are ignored, as OpenSSH does.
  [[nodiscard]] static Result<RevocationList> from_bytes(Bytes content);
  [[nodiscard]] static Result<RevocationList> load(const std::string& path);  // and io_failed

  [[nodiscard]] bool revokes(const PublicKey& key) const;
  // It by its serial or key id, or its key, or the key of its CA.
  [[nodiscard]] bool revokes(const Certificate& certificate) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace fairlead::ssh
