// SPDX-License-Identifier: Apache-2.0
// The names around certificates: of their types, of algorithms that show them, of the keys inside.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace fairlead::ssh {

inline constexpr std::string_view certificate_suffix = "-cert-v01@openssh.com";

struct CertificateAlgorithm {
  std::string_view name;
  std::string_view type;       // of the certificate: RSA has two names and one type
  std::string_view signature;  // what its key signs with
  std::string_view key_type;
  std::size_t key_fields;  // strings and mpints of the key behind its type
};

// In OpenSSH's order.
[[nodiscard]] std::span<const CertificateAlgorithm> certificate_algorithms() noexcept;
// Any of the algorithms of a type of certificate; null for a type we do not have.
[[nodiscard]] const CertificateAlgorithm* find_certificate_type(std::string_view type) noexcept;

}  // namespace fairlead::ssh
