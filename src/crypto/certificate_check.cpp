// SPDX-License-Identifier: Apache-2.0
// What speaks against the use of a certificate here and now, and what it grants.
#include "base/network.hpp"
#include "base/wildcard.hpp"
#include "base/wire.hpp"

#include <fairlead/ssh/certificate.hpp>

#include <algorithm>

namespace fairlead::ssh {

namespace {

Result<> check_common(const Certificate& certificate, Certificate::Role role, std::chrono::sys_seconds now) {
  if (certificate.type().empty()) return failure(Errc::bad_key, "no certificate");
  if (certificate.role() != role)
    return failure(Errc::bad_key, role == Certificate::Role::user ? "a host certificate, not a user's"
                                                                  : "a user certificate, not a host's");
  const std::int64_t seconds = now.time_since_epoch().count();
  const std::uint64_t at = seconds < 0 ? 0 : static_cast<std::uint64_t>(seconds);
  if (at < certificate.valid_after()) return failure(Errc::bad_key, "the certificate is not valid yet");
  if (at >= certificate.valid_before()) return failure(Errc::bad_key, "the certificate has expired");
  if (certificate.principals().empty()) return failure(Errc::bad_key, "the certificate names no principal");
  return {};
}

// The string inside an option's data.
std::optional<std::string_view> option_value(const CertificateOption& option) {
  WireReader reader(as_bytes(option.data));
  const std::string_view value = reader.text();
  if (!reader.done()) return std::nullopt;
  return value;
}

// Blocks only: neither patterns nor negation, as OpenSSH. An empty list, or an entry that is none, covers
// nobody (CVE-2026-56854).
bool is_from(std::string_view list, std::string_view client) {
  const auto address = parse_address(client);
  bool found = false;
  for (;;) {
    const std::size_t comma = list.find(',');
    const auto network = Network::parse(list.substr(0, comma));
    if (!address || !network) return false;
    found = found || network->contains(*address);
    if (comma == std::string_view::npos) return found;
    list.remove_prefix(comma + 1);
  }
}

Result<> apply_critical(const CertificateOption& option, std::string_view address, CertificateGrant& grant) {
  const auto value = option_value(option);
  if (option.name == "verify-required" && option.data.empty()) {
    grant.verification_required = true;
    return {};
  }
  if (option.name == "force-command" && value) {
    if (value->find('\0') != std::string_view::npos) return failure(Errc::bad_key, "NUL in force-command");
    grant.forced_command = std::string(*value);
    return {};
  }
  if (option.name == "source-address" && value) {
    if (!is_from(*value, address))
      return failure(Errc::bad_key, "the certificate is not for this source address");
    return {};
  }
  return failure(Errc::bad_key, "the certificate has a critical option that is not known here");
}

// Unknown ones are allowed and grant nothing (PROTOCOL.certkeys).
void apply_extension(const CertificateOption& option, CertificateGrant& grant) {
  if (!option.data.empty()) return;
  if (option.name == "permit-pty") grant.pty = true;
  if (option.name == "permit-port-forwarding") grant.port_forwarding = true;
  if (option.name == "permit-agent-forwarding") grant.agent_forwarding = true;
  if (option.name == "permit-X11-forwarding") grant.x11_forwarding = true;
  if (option.name == "permit-user-rc") grant.user_rc = true;
  if (option.name == "no-touch-required") grant.touch_required = false;
}

}  // namespace

Result<CertificateGrant> check_user_certificate(const Certificate& certificate, std::chrono::sys_seconds now,
                                                std::string_view address) {
  if (const auto good = check_common(certificate, Certificate::Role::user, now); !good)
    return std::unexpected(good.error());
  CertificateGrant grant;
  for (const CertificateOption& option : certificate.critical_options())
    if (const auto good = apply_critical(option, address, grant); !good) return std::unexpected(good.error());
  for (const CertificateOption& option : certificate.extensions()) apply_extension(option, grant);
  // A restriction that nothing could fulfil is not dropped.
  if (grant.verification_required && !certificate.key().is_security_key())
    return failure(Errc::bad_key, "verify-required, and the key is no security key");
  return grant;
}

Result<> check_host_certificate(const Certificate& certificate, std::chrono::sys_seconds now,
                                std::string_view host) {
  if (const auto good = check_common(certificate, Certificate::Role::host, now); !good) return good;
  // None is defined for hosts.
  if (!certificate.critical_options().empty())
    return failure(Errc::bad_key, "the certificate has a critical option that is not known here");
  const auto names_it = [host](std::string_view pattern) { return wildcard_match(pattern, host); };
  if (!std::ranges::any_of(certificate.principals(), names_it))
    return failure(Errc::bad_key, "the certificate is for another host");
  return {};
}

std::string_view missing_proof(const CertificateGrant& grant, const CertificateProof& proof) noexcept {
  if (!proof.verified || !proof.use) return {};
  if (grant.touch_required && !proof.use->touched) return "the security key was not touched";
  if (grant.verification_required && !proof.use->user_verified)
    return "the security key was used without PIN or fingerprint";
  return {};
}

}  // namespace fairlead::ssh
