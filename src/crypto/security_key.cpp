// SPDX-License-Identifier: Apache-2.0
// sk-ssh-ed25519@openssh.com and sk-ecdsa-sha2-nistp256@openssh.com: keys in a FIDO token (OpenSSH's
// PROTOCOL.u2f), which sign a hash of the data together with what their holder did.
#include "crypto/security_key.hpp"

#include "crypto/hash.hpp"
#include "crypto/signature_key.hpp"

#include <array>

namespace fairlead::ssh {

namespace {

// Bits of authenticator data (WebAuthn section 6.1).
constexpr std::uint8_t user_present = 0x01;
constexpr std::uint8_t user_verified = 0x04;

struct Kind {
  std::string_view type;
  std::string_view inner_type;  // whose fields come first in the key, and whose signature it makes
};
constexpr Kind sk_ed25519{"sk-ssh-ed25519@openssh.com", "ssh-ed25519"};
constexpr Kind sk_ecdsa{"sk-ecdsa-sha2-nistp256@openssh.com", "ecdsa-sha2-nistp256"};

class SecurityVerifyingKey final : public VerifyingKey {
 public:
  SecurityVerifyingKey(const Kind& kind, std::unique_ptr<const VerifyingKey> inner,
                       std::string_view application)
      : kind_(kind), inner_(std::move(inner)), application_(application) {}

  std::string_view type() const noexcept override { return kind_.type; }
  std::span<const std::string_view> algorithms() const noexcept override { return {&kind_.type, 1}; }
  std::string_view application() const noexcept override { return application_; }
  Result<> verify(std::string_view, Bytes data, Bytes signature) const override {
    return inner_->verify(kind_.inner_type, data, signature);
  }

 private:
  const Kind& kind_;
  std::unique_ptr<const VerifyingKey> inner_;
  std::string application_;
};

template <const Kind& kind>
VerifyingKeyResult read_public(WireReader& fields) {
  auto inner = find_key_family(kind.inner_type)->read_public(fields);
  if (!inner) return inner;
  const std::string_view application = fields.text();
  if (application.empty()) return failure(Errc::bad_key, "security key without an application");
  return std::make_unique<const SecurityVerifyingKey>(kind, std::move(*inner), application);
}

// The file holds no key but a handle, which only its token understands.
SigningKeyResult read_private(WireReader&) {
  return failure(Errc::unsupported_key, "a security key signs in its token only");
}

template <const Kind& kind>
constexpr KeyFamily family{kind.type, &read_public<kind>, &read_private};

constexpr std::array families{family<sk_ed25519>, family<sk_ecdsa>};

}  // namespace

std::span<const KeyFamily> security_key_families() noexcept {
  return families;
}

Result<SecurityKeyUse> verify_security_key(const VerifyingKey& key, Bytes data, WireReader& signature) {
  const Bytes blob = signature.string();
  const std::uint8_t flags = signature.byte();
  const std::uint32_t counter = signature.u32();
  if (!signature.done()) return failure(Errc::bad_signature, "malformed signature");
  ByteBuffer message;
  WireWriter(message)
      .raw(digest("SHA256", {as_bytes(key.application())}))
      .byte(flags)
      .u32(counter)
      .raw(digest("SHA256", {data}));
  if (const auto verified = key.verify(key.type(), message.readable(), blob); !verified)
    return std::unexpected(verified.error());
  return SecurityKeyUse{.touched = (flags & user_present) != 0,
                        .user_verified = (flags & user_verified) != 0,
                        .counter = counter};
}

}  // namespace fairlead::ssh
