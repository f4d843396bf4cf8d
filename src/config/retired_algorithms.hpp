// SPDX-License-Identifier: Apache-2.0
// What ContainerSSH accepts in a file and we do not offer, because it is broken, slow or both.
#pragma once

#include <array>
#include <string_view>

namespace fairlead::config {

inline constexpr std::array<std::string_view, 5> retired_ciphers{"aes128-cbc", "arcfour256", "arcfour128",
                                                                 "arcfour", "tripledescbcID"};
inline constexpr std::array<std::string_view, 2> retired_key_exchanges{"diffie-hellman-group14-sha1",
                                                                       "diffie-hellman-group1-sha1"};
inline constexpr std::array<std::string_view, 2> retired_macs{"hmac-sha1-96", "hmac-sha1"};

}  // namespace fairlead::config
