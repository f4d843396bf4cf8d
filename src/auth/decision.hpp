// SPDX-License-Identifier: Apache-2.0
// The answer to one authentication attempt, with what it grants.
#pragma once

#include "auth/key_restrictions.hpp"

#include <fairlead/ssh/auth.hpp>

#include <string>

namespace fairlead::auth {

struct Decision {
  ssh::Verdict verdict = ssh::Verdict::refused;
  // Counts only with `accepted`, and for a key only when it was verified (CVE-2024-45337).
  Permissions permissions;
  std::string reason;  // of a refusal, for the log only: the client is never told
};

}  // namespace fairlead::auth
