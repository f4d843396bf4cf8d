// SPDX-License-Identifier: Apache-2.0
// Certificates and keys of TLS as the configuration has them: a PEM text, or the name of a file that holds
// one.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace fairlead::config {

// Whether a value is the PEM text itself: its first five characters after white space are dashes.
[[nodiscard]] bool is_pem(std::string_view value) noexcept;
// The PEM text, or why the file cannot be read.
[[nodiscard]] std::expected<std::string, std::string> pem_text(const std::string& value);

// Why `value` is no list of at least one certificate; empty when it is.
[[nodiscard]] std::string certificate_mistake(const std::string& value);
// Why `value` is not the private key of the first certificate in `certificate`; empty when it is.
[[nodiscard]] std::string private_key_mistake(const std::string& value, const std::string& certificate);

}  // namespace fairlead::config
