// SPDX-License-Identifier: Apache-2.0
// Message digests by EVP name, and base64 of fingerprints.
#pragma once

#include "base/secret.hpp"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

// Digest of the concatenation of `parts`. `name` is an EVP name ("SHA256"); an unknown one is a bug and
// terminates.
[[nodiscard]] std::vector<std::byte> digest(const char* name, std::initializer_list<Bytes> parts);

// HMAC (RFC 2104); `name` as above.
[[nodiscard]] std::vector<std::byte> hmac(const char* name, Bytes key, Bytes data);

[[nodiscard]] std::string base64(Bytes bytes);  // padded
// Empty optional on anything but canonical padded base64.
[[nodiscard]] std::optional<std::vector<std::byte>> from_base64(std::string_view text);

}  // namespace fairlead::ssh
