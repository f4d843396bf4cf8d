// SPDX-License-Identifier: Apache-2.0
// OpenSSH certificates (PROTOCOL.certkeys, draft-miller-ssh-cert): a key, and what a certification authority
// (CA) says of its owner.
#pragma once

#include <fairlead/ssh/keys.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

// A critical option or an extension. `data` is as on the wire: empty for a flag, a string in a string for a
// value.
struct CertificateOption {
  std::string name, data;

  friend bool operator==(const CertificateOption&, const CertificateOption&) = default;
};

// Immutable, cheap to copy, thread-safe. Each one but the empty one is well-formed and signed by the CA key
// that it names; whether that CA is trusted, for whom and until when is another question: see the checks
// below.
class Certificate {
 public:
  enum class Role : std::uint8_t { user = 1, host = 2 };

  // The wire form, strictly: bad_key, unsupported_key or bad_signature. The CA's key must be a plain key and
  // its signature of an algorithm that a login may use, so never SHA-1. Options must stand in lexical order,
  // each once.
  [[nodiscard]] static Result<Certificate> from_blob(Bytes blob);
  // The line of a *-cert.pub file: "type base64 [comment]".
  [[nodiscard]] static Result<Certificate> from_text(std::string_view line);
  [[nodiscard]] static Result<Certificate> load(const std::string& path);  // and io_failed

  [[nodiscard]] std::string_view type() const noexcept;       // "ssh-ed25519-cert-v01@openssh.com", …
  [[nodiscard]] Bytes blob() const noexcept;                  // lives as long as any copy
  [[nodiscard]] const PublicKey& key() const noexcept;        // the certified one, plain
  [[nodiscard]] const PublicKey& authority() const noexcept;  // whose signature it bears
  [[nodiscard]] Role role() const noexcept;
  [[nodiscard]] std::uint64_t serial() const noexcept;       // 0 when the CA counts none
  [[nodiscard]] const std::string& key_id() const noexcept;  // the CA's words, any bytes but NUL
  // Users or hosts it is for. Empty never means everybody here, whatever the format says: UA-12.
  [[nodiscard]] const std::vector<std::string>& principals() const noexcept;
  // In force from `valid_after` until just before `valid_before`, in seconds since 1970.
  [[nodiscard]] std::uint64_t valid_after() const noexcept;
  [[nodiscard]] std::uint64_t valid_before() const noexcept;
  [[nodiscard]] const std::vector<CertificateOption>& critical_options() const noexcept;
  [[nodiscard]] const std::vector<CertificateOption>& extensions() const noexcept;

  // The names under which it can be shown in a login or a key exchange, best first; see plain_algorithm().
  [[nodiscard]] std::vector<std::string_view> algorithms() const;

  friend bool operator==(const Certificate& a, const Certificate& b) noexcept {
    return equal(a.blob(), b.blob());
  }

 private:
  struct Impl;
  [[nodiscard]] static const Impl& empty() noexcept;
  [[nodiscard]] const Impl& get() const noexcept { return impl_ ? *impl_ : empty(); }
  std::shared_ptr<const Impl> impl_;
};

// What signs where a certificate's algorithm was named: "rsa-sha2-512" for
// "rsa-sha2-512-cert-v01@openssh.com". Empty for every other name.
[[nodiscard]] std::string_view plain_algorithm(std::string_view certificate_algorithm) noexcept;

// What a user certificate allows; everything that it does not name is refused.
struct CertificateGrant {
  std::optional<std::string> forced_command;  // runs instead of whatever the client asks for
  bool pty = false;
  bool port_forwarding = false;
  bool agent_forwarding = false;
  bool x11_forwarding = false;
  bool user_rc = false;
  // Of security keys.
  bool touch_required = true;
  bool verification_required = false;

  friend bool operator==(const CertificateGrant&, const CertificateGrant&) = default;
};

// Everything that can speak against a user certificate without knowing who trusts its CA (UA-12): that it is
// none, is not valid at `now`, names no principal, has a critical option that we do not know or cannot
// honour, or is not for the client's `address` (CVE-2026-46595). The engine asks this before it asks an
// Authenticator.
[[nodiscard]] Result<CertificateGrant> check_user_certificate(const Certificate& certificate,
                                                              std::chrono::sys_seconds now,
                                                              std::string_view address);

// The same for a host certificate that `host`, in lower case, has shown; its principals may be patterns with
// '*' and '?', as in OpenSSH.
[[nodiscard]] Result<> check_host_certificate(const Certificate& certificate, std::chrono::sys_seconds now,
                                              std::string_view host);

// How the owner of a user certificate's key has proved it. Nothing at all is proved by a query.
struct CertificateProof {
  bool verified = false;              // the key has signed; only then does an answer log anyone in
  std::optional<SecurityKeyUse> use;  // set for security keys that have signed
};

// What a security key's holder has to have done, and did not. Empty for other keys and for queries.
[[nodiscard]] std::string_view missing_proof(const CertificateGrant& grant,
                                             const CertificateProof& proof) noexcept;

}  // namespace fairlead::ssh
