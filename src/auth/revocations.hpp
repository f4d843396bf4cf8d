// SPDX-License-Identifier: Apache-2.0
// auth.local.revokedKeys: keys and certificates that admit nobody. A list that cannot be read admits nobody
// at all.
#pragma once

#include <fairlead/ssh/revocation.hpp>

#include <string>
#include <string_view>

namespace fairlead::auth {

class Revocations {
 public:
  Revocations() = default;  // nothing is revoked
  [[nodiscard]] static Revocations load(const std::string& file);

  // Empty, or why a key or a certificate is refused.
  [[nodiscard]] std::string_view obstacle(const auto& shown) const {
    if (!problem_.empty()) return "the revocation list cannot be read";
    return list_.revokes(shown) ? "revoked" : "";
  }
  // Empty, or a sentence for the operator.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  ssh::RevocationList list_;
  std::string problem_;
};

}  // namespace fairlead::auth
