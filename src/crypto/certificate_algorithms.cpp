// SPDX-License-Identifier: Apache-2.0
// The table of certificate algorithms.
#include "crypto/certificate_algorithms.hpp"

#include <fairlead/ssh/certificate.hpp>

#include <algorithm>
#include <array>

namespace fairlead::ssh {

namespace {

// Most have one name for everything.
constexpr CertificateAlgorithm simple(std::string_view name, std::string_view key_type, std::size_t fields) {
  return {.name = name, .type = name, .signature = key_type, .key_type = key_type, .key_fields = fields};
}
constexpr CertificateAlgorithm rsa(std::string_view name, std::string_view signature) {
  return {.name = name,
          .type = "ssh-rsa-cert-v01@openssh.com",
          .signature = signature,
          .key_type = "ssh-rsa",
          .key_fields = 2};
}

// Not ssh-rsa-cert-v01@openssh.com as an algorithm: it stands for SHA-1.
constexpr std::array table{
    simple("ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519", 1),
    simple("ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp256", 2),
    simple("ecdsa-sha2-nistp384-cert-v01@openssh.com", "ecdsa-sha2-nistp384", 2),
    simple("ecdsa-sha2-nistp521-cert-v01@openssh.com", "ecdsa-sha2-nistp521", 2),
    simple("sk-ssh-ed25519-cert-v01@openssh.com", "sk-ssh-ed25519@openssh.com", 2),
    simple("sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com", 3),
    rsa("rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-512"),
    rsa("rsa-sha2-256-cert-v01@openssh.com", "rsa-sha2-256"),
};

}  // namespace

std::span<const CertificateAlgorithm> certificate_algorithms() noexcept {
  return table;
}

const CertificateAlgorithm* find_certificate_type(std::string_view type) noexcept {
  const auto* const found = std::ranges::find(table, type, &CertificateAlgorithm::type);
  return found == table.end() ? nullptr : found;
}

std::string_view plain_algorithm(std::string_view certificate_algorithm) noexcept {
  const auto* const found = std::ranges::find(table, certificate_algorithm, &CertificateAlgorithm::name);
  return found == table.end() ? std::string_view() : found->signature;
}

}  // namespace fairlead::ssh
