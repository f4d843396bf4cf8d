// SPDX-License-Identifier: Apache-2.0
// Private key files: OpenSSH's own format (PROTOCOL.key), and PKCS#8, PKCS#1 and SEC1 in PEM.
#pragma once

#include "crypto/signature_key.hpp"

#include <string>
#include <string_view>

namespace fairlead::ssh {

// Fails with bad_key or unsupported_key; a missing and a wrong passphrase are told apart in the detail.
[[nodiscard]] SigningKeyResult read_key_file(std::string_view text, std::string_view passphrase);
[[nodiscard]] SigningKeyResult read_openssh_key(std::string_view text, std::string_view passphrase);
[[nodiscard]] SigningKeyResult read_pem_key(std::string_view text, std::string_view passphrase);

// Not encrypted; the caller wipes it.
[[nodiscard]] std::string write_openssh_key(const SigningKey& key, std::string_view comment);

}  // namespace fairlead::ssh
