// SPDX-License-Identifier: Apache-2.0
// Telling keys from certificates.
#include "protocol/shown_key.hpp"

#include "base/wire.hpp"
#include "crypto/certificate_algorithms.hpp"

#include <algorithm>

namespace fairlead::ssh {

Result<ShownKey> ShownKey::from_blob(Bytes blob) {
  if (find_certificate_type(WireReader(blob).text()) != nullptr) {
    auto certificate = Certificate::from_blob(blob);
    if (!certificate) return std::unexpected(certificate.error());
    return ShownKey(std::move(*certificate));
  }
  auto key = PublicKey::from_blob(blob);
  if (!key) return std::unexpected(key.error());
  return ShownKey(std::move(*key));
}

std::string_view ShownKey::signature_algorithm(std::string_view algorithm) const {
  const auto names = certificate_ ? certificate_->algorithms() : key_.algorithms();
  const auto found = std::ranges::find(names, algorithm);
  if (found == names.end()) return {};
  return certificate_ ? plain_algorithm(*found) : *found;
}

}  // namespace fairlead::ssh
