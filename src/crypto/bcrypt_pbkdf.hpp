// SPDX-License-Identifier: Apache-2.0
// bcrypt_pbkdf, the key derivation of OpenSSH's encrypted private keys.
#pragma once

#include "base/secret.hpp"

#include <cstdint>
#include <string_view>

namespace fairlead::ssh {

// `rounds` and `size` are at least 1, `size` at most 1024. About 5 ms a round for each 32 bytes of `size`.
[[nodiscard]] SecretBytes bcrypt_pbkdf(std::string_view passphrase, Bytes salt, std::uint32_t rounds,
                                       std::size_t size);

}  // namespace fairlead::ssh
