// SPDX-License-Identifier: Apache-2.0
// Revocation lists in both forms: what is read can be asked, and says of serials what its entries say.
#include "crypto/krl.hpp"
#include "fuzz/fuzz_input.hpp"

#include <fairlead/ssh/revocation.hpp>

#include <algorithm>

using namespace fairlead::ssh;
using fuzz::require;

namespace {

const PublicKey& some_key() {
  static const PublicKey key = PrivateKey::generate(PrivateKey::Type::ed25519).value().public_key();
  return key;
}

void check(const RevokedCertificates& list) {
  require(!list.has_serial(0));
  for (std::size_t i = 0; i < list.serials.size(); ++i) {
    const auto& range = list.serials[i];
    require(range.first != 0 && range.first <= range.last);
    require(i == 0 || list.serials[i - 1].last < range.first);
    require(list.has_serial(range.first) && list.has_serial(range.last));
  }
  for (const auto& bitmap : list.bitmaps) {
    const std::uint64_t bits = bitmap.bits.size() * 8;
    for (std::uint64_t bit = 0; bit < std::min<std::uint64_t>(bits, 64); ++bit) {
      const auto octet = std::to_integer<unsigned>(bitmap.bits[bitmap.bits.size() - 1 - bit / 8]);
      if ((octet >> (bit % 8) & 1) != 0) require(list.has_serial(bitmap.first + bit));
    }
  }
  for (const auto& id : list.key_ids) require(list.has_key_id(id));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(reinterpret_cast<const std::byte*>(data), size);
  const auto list = RevocationList::from_bytes(input);
  // libFuzzer finds the digests that are compared, so this may be revoked.
  if (list) (void)(list->revokes(some_key()) || list->revokes(Certificate()));
  const auto parsed = parse_krl(input);
  require(parsed.has_value() == (is_krl(input) && list));
  if (parsed) std::ranges::for_each(parsed->certificates, check);
  return 0;
}
