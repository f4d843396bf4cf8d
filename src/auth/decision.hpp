// SPDX-License-Identifier: Apache-2.0
// The answer about one factor, with what it grants.
#pragma once

#include "auth/key_restrictions.hpp"
#include "config/metadata.hpp"

#include <fairlead/ssh/auth.hpp>

#include <string>
#include <utility>

namespace fairlead::auth {

struct Decision {
  // accepted: the factor is right; unavailable: whoever decides could not be asked; never `partial`
  ssh::Verdict verdict = ssh::Verdict::refused;
  // Counts only with `accepted`, and for a key only when it was verified (CVE-2024-45337).
  Permissions permissions;
  std::string reason;  // of a refusal, for the log only: the client is never told
  // Of whoever vouched; counts as the permissions do.
  config::Metadata metadata{};
};

[[nodiscard]] inline Decision refused(std::string reason) {
  return {ssh::Verdict::refused, {}, std::move(reason)};
}
[[nodiscard]] inline Decision unavailable(std::string reason) {
  return {ssh::Verdict::unavailable, {}, std::move(reason)};
}

}  // namespace fairlead::auth
