// SPDX-License-Identifier: Apache-2.0
// Signatures that do not hold up a connection's thread.
#pragma once

#include <fairlead/ssh/async.hpp>
#include <fairlead/ssh/keys.hpp>

#include <string>
#include <vector>

namespace fairlead::ssh {

// PrivateKey::sign(), for RSA on the helper thread of the running coroutine's io_context.
[[nodiscard]] Task<Result<std::vector<std::byte>>> sign_aside(PrivateKey key, std::string algorithm,
                                                              std::vector<std::byte> data);

}  // namespace fairlead::ssh
