// SPDX-License-Identifier: Apache-2.0
// Why the engine has refused a login attempt without asking anybody.
#pragma once

#include <cstdint>

namespace fairlead::ssh {

enum class LoginRefusal : std::uint8_t {
  method,       // not offered, or not in this form: nothing was shown that could be wrong
  password,     // cannot be anybody's
  key,          // malformed or not supported, or not for this signature algorithm
  signature,    // not by the key that was shown
  certificate,  // not signed by its CA, not in force, not for users, not for this address, holder not proved
  dialogue,     // broke off, or answers did not fit the prompts
};

}  // namespace fairlead::ssh
