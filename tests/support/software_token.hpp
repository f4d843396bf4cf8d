// SPDX-License-Identifier: Apache-2.0
// A FIDO token made of an ordinary key, which signs whatever a test wants it to say.
#pragma once

#include "base/wire.hpp"
#include "crypto/hash.hpp"

#include <fairlead/ssh/keys.hpp>

#include <string>
#include <vector>

namespace fairlead::ssh::test {

// What stands in a signature besides the data.
struct TokenSays {
  std::uint8_t flags = 1;  // 1: touched, 4: with PIN or fingerprint
  std::uint32_t counter = 7;
  std::string application = "ssh:";
};

class SoftwareToken {
 public:
  explicit SoftwareToken(PrivateKey::Type type = PrivateKey::Type::ed25519, std::string application = "ssh:")
      : inner_(PrivateKey::generate(type).value()) {
    WireReader fields(inner_.public_key().blob());
    type_ = "sk-" + std::string(fields.text()) + "@openssh.com";
    WireWriter(blob_).string(type_).raw(fields.rest()).string(application);
  }

  [[nodiscard]] const std::string& type() const { return type_; }
  [[nodiscard]] Bytes blob() const { return blob_.readable(); }
  [[nodiscard]] PublicKey public_key() const { return PublicKey::from_blob(blob()).value(); }

  // The wire form.
  [[nodiscard]] std::vector<std::byte> sign(Bytes data, const TokenSays& says = {}) const {
    ByteBuffer message;
    WireWriter(message)
        .raw(digest("SHA256", {as_bytes(says.application)}))
        .byte(says.flags)
        .u32(says.counter)
        .raw(digest("SHA256", {data}));
    const auto signature = inner_.sign(inner_.public_key().type(), message.readable()).value();
    WireReader fields(signature);
    fields.string();  // the inner algorithm
    ByteBuffer wire;
    WireWriter(wire).string(type_).string(fields.string()).byte(says.flags).u32(says.counter);
    return {wire.readable().begin(), wire.readable().end()};
  }

 private:
  PrivateKey inner_;
  std::string type_;
  ByteBuffer blob_;
};

}  // namespace fairlead::ssh::test
