// SPDX-License-Identifier: Apache-2.0
// Private key files and public key blobs: whatever loads must be usable and come back as itself.
#include "base/secret.hpp"
#include "crypto/key_file.hpp"

#include <fairlead/ssh/keys.hpp>

#include <cstdint>
#include <cstdlib>

namespace {

using namespace fairlead::ssh;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_private(std::string_view text) {
  // Without a passphrase: deriving keys would eat the time. Key types and numbers are behind the same doors.
  const auto key = PrivateKey::from_text(text);
  if (!key) return;
  const auto again = PrivateKey::from_text(key->to_openssh_text("fuzz"));
  require(again && again->public_key() == key->public_key());
}

void check_public(Bytes blob) {
  const auto key = PublicKey::from_blob(blob);
  if (!key) return;
  require(equal(key->blob(), blob));
  const auto again = PublicKey::from_text(key->text());
  require(again && *again == *key);
  (void)key->verify(key->algorithms().front(), blob, blob);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(reinterpret_cast<const std::byte*>(data), size);
  check_private(as_text(input));
  check_public(input);
  (void)PublicKey::from_text(as_text(input));
  return 0;
}
