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
  ssh::Verdict verdict = ssh::Verdict::refused;  // accepted: the factor is right; never `partial`
  // Counts only with `accepted`, and for a key only when it was verified (CVE-2024-45337).
  Permissions permissions;
  std::string reason;  // of a refusal, for the log only: the client is never told
  // Of whoever vouched; counts as the permissions do.
  config::Metadata metadata{};
  bool unavailable = false;  // refused because whoever decides could not be asked
};

[[nodiscard]] inline Decision refused(std::string reason) {
  return {ssh::Verdict::refused, {}, std::move(reason)};
}

}  // namespace fairlead::auth
