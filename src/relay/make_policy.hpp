// SPDX-License-Identifier: Apache-2.0
// From the security section in force for a login, and from what its key allows, to its policy (core.md
// chapter 8).
#pragma once

#include "auth/key_restrictions.hpp"
#include "config/security.hpp"
#include "relay/policy.hpp"

namespace fairlead::relay {

// A login may do what both allow. The section's forced command goes before the key's, as in OpenSSH.
[[nodiscard]] Policy make_policy(const config::Security& security, const auth::Permissions& permissions);

}  // namespace fairlead::relay
