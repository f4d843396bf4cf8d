// SPDX-License-Identifier: Apache-2.0
// Signatures of keys in FIDO tokens (OpenSSH's PROTOCOL.u2f).
#pragma once

#include "base/wire.hpp"

#include <fairlead/ssh/keys.hpp>

namespace fairlead::ssh {

class VerifyingKey;

// `key` has an application; `signature` stands behind the algorithm's name in the wire form and is read to
// its end. That the token was touched is not demanded here: the result says it.
[[nodiscard]] Result<SecurityKeyUse> verify_security_key(const VerifyingKey& key, Bytes data,
                                                         WireReader& signature);

}  // namespace fairlead::ssh
