// SPDX-License-Identifier: Apache-2.0
// The answer about one factor, with what it grants.
#pragma once

#include "auth/key_restrictions.hpp"

#include <fairlead/ssh/auth.hpp>

#include <string>

namespace fairlead::auth {

struct Decision {
  ssh::Verdict verdict = ssh::Verdict::refused;  // accepted: the factor is right; never `partial`
  // Counts only with `accepted`, and for a key only when it was verified (CVE-2024-45337).
  Permissions permissions;
  std::string reason;  // of a refusal, for the log only: the client is never told
};

}  // namespace fairlead::auth
