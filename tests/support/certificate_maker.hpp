// SPDX-License-Identifier: Apache-2.0
// Certificates with anything in them, signed by any key.
#pragma once

#include "base/wire.hpp"

#include <fairlead/ssh/certificate.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace fairlead::ssh::test {

// The defaults make a user certificate of alice that permits everything.
struct CertificateRecipe {
  std::string type = "ssh-ed25519-cert-v01@openssh.com";
  std::uint64_t serial = 1;
  std::uint32_t role = 1;
  std::string key_id = "test";
  std::vector<std::string> principals{"alice"};
  std::uint64_t after = 0, before = std::numeric_limits<std::uint64_t>::max();
  std::vector<CertificateOption> critical = {};
  std::vector<CertificateOption> extensions{{"permit-X11-forwarding", ""},
                                            {"permit-agent-forwarding", ""},
                                            {"permit-port-forwarding", ""},
                                            {"permit-pty", ""},
                                            {"permit-user-rc", ""}};
};

// An option with a value.
inline CertificateOption valued(std::string name, std::string_view value) {
  ByteBuffer data;
  WireWriter(data).string(value);
  return {.name = std::move(name), .data = to_string(data.readable())};
}

inline std::vector<std::byte> to_vector(const ByteBuffer& buffer) {
  return {buffer.readable().begin(), buffer.readable().end()};
}

// Up to the signature; `authority` is a key's wire form, or what stands for one.
inline std::vector<std::byte> certificate_body(const CertificateRecipe& recipe, const PublicKey& key,
                                               Bytes authority) {
  ByteBuffer body, principals, critical, extensions;
  for (const auto& name : recipe.principals) WireWriter(principals).string(name);
  for (const auto& option : recipe.critical) WireWriter(critical).string(option.name).string(option.data);
  for (const auto& option : recipe.extensions) WireWriter(extensions).string(option.name).string(option.data);
  WireReader fields(key.blob());
  fields.string();  // the plain type
  WireWriter(body)
      .string(recipe.type)
      .string("nonce")
      .raw(fields.rest())
      .u64(recipe.serial)
      .u32(recipe.role)
      .string(recipe.key_id)
      .string(principals.readable())
      .u64(recipe.after)
      .u64(recipe.before)
      .string(critical.readable())
      .string(extensions.readable())
      .string("")
      .string(authority);
  return to_vector(body);
}

inline std::vector<std::byte> certificate_blob(const CertificateRecipe& recipe, const PublicKey& key,
                                               const PrivateKey& authority) {
  const auto body = certificate_body(recipe, key, authority.public_key().blob());
  ByteBuffer whole;
  const auto algorithm = authority.public_key().algorithms().front();
  WireWriter(whole).raw(body).string(authority.sign(algorithm, body).value());
  return to_vector(whole);
}

inline Certificate make_certificate(const CertificateRecipe& recipe, const PublicKey& key,
                                    const PrivateKey& authority) {
  return Certificate::from_blob(certificate_blob(recipe, key, authority)).value();
}

}  // namespace fairlead::ssh::test
