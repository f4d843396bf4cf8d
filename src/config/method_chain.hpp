// SPDX-License-Identifier: Apache-2.0
// What a login with method `local` takes: factors in a row, "publickey+totp".
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::config {

struct Auth;
class Visitor;

enum class Factor : std::uint8_t { public_key, password, totp };

// In this order, none twice, none missing.
using MethodChain = std::vector<Factor>;

// The error is a reason without a full stop.
[[nodiscard]] std::expected<MethodChain, std::string> parse_method_chain(std::string_view text);

// Whether a client can be asked for this factor at all.
[[nodiscard]] bool is_offered(Factor factor, const Auth& auth) noexcept;

// A list of chains, each of which `auth` must be able to carry out; where `key` is absent `chains` stays as
// it is.
void read_method_chains(Visitor& section, std::string_view key, const Auth& auth,
                        std::vector<MethodChain>& chains);

}  // namespace fairlead::config
