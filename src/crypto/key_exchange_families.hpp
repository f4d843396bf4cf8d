// SPDX-License-Identifier: Apache-2.0
// The families behind make_key_exchange(), one file each.
#pragma once

#include "crypto/key_exchange.hpp"

namespace fairlead::ssh {

[[nodiscard]] std::unique_ptr<KeyExchange> make_kex_mlkem768x25519();
[[nodiscard]] std::unique_ptr<KeyExchange> make_kex_curve25519();
[[nodiscard]] std::unique_ptr<KeyExchange> make_kex_nistp256();
[[nodiscard]] std::unique_ptr<KeyExchange> make_kex_nistp384();
[[nodiscard]] std::unique_ptr<KeyExchange> make_kex_nistp521();
[[nodiscard]] std::unique_ptr<KeyExchange> make_kex_group14();
[[nodiscard]] std::unique_ptr<KeyExchange> make_kex_group16();
[[nodiscard]] std::unique_ptr<KeyExchange> make_kex_group18();

}  // namespace fairlead::ssh
