// SPDX-License-Identifier: Apache-2.0
// Trust in CAs, and the permissions that follow from it.
#include "auth/user_certificates.hpp"

#include <algorithm>
#include <chrono>
#include <expected>
#include <utility>

namespace fairlead::auth {
namespace {

using Names = std::vector<std::string>;
using Granted = std::expected<Permissions, std::string_view>;

bool share_one(const Names& a, const Names& b) {
  return std::ranges::any_of(a,
                             [&b](const std::string& name) { return std::ranges::find(b, name) != b.end(); });
}

// As OpenSSH merges them: what both permit, and one command that both agree on.
Granted merge(Permissions granted, const Permissions& line) {
  if (granted.forced_command && line.forced_command && granted.forced_command != line.forced_command)
    return std::unexpected("the certificate and its CA's line force different commands");
  if (!granted.forced_command) granted.forced_command = line.forced_command;
  granted.environment = line.environment;
  granted.pty = granted.pty && line.pty;
  granted.port_forwarding = granted.port_forwarding && line.port_forwarding;
  granted.agent_forwarding = granted.agent_forwarding && line.agent_forwarding;
  granted.x11_forwarding = granted.x11_forwarding && line.x11_forwarding;
  return granted;
}

// One attempt and what it is judged by.
struct Attempt {
  const ssh::AuthContext& context;
  const ssh::Certificate& certificate;
  const ssh::CertificateProof& proof;
  std::chrono::sys_seconds now;
  Names principals;  // that stand for this user where a line does not say its own
  Permissions granted;
};

Granted by_line(const AuthorizedKey& entry, const Attempt& attempt) {
  const KeyRestrictions& line = entry.restrictions;
  if (!share_one(line.principals.value_or(attempt.principals), attempt.certificate.principals()))
    return std::unexpected("the certificate names no principal of this user");
  if (const auto reason = obstacle(line, attempt.context.remote_address, attempt.now); !reason.empty())
    return std::unexpected(reason);
  if (line.verification_required && !attempt.certificate.key().is_security_key())
    return std::unexpected("its CA's line demands a security key");
  if (attempt.proof.use)
    if (const auto reason = obstacle(line, *attempt.proof.use); !reason.empty())
      return std::unexpected(reason);
  return merge(attempt.granted, line.permissions);
}

Granted by_trusted_authority(const Users& users, const Attempt& attempt, std::string_view otherwise) {
  const auto& authorities = users.authorities();
  if (std::ranges::find(authorities, attempt.certificate.authority()) == authorities.end())
    return std::unexpected(otherwise);
  if (!share_one(attempt.principals, attempt.certificate.principals()))
    return std::unexpected("the certificate names no principal of this user");
  return attempt.granted;
}

Granted by_any(const Users& users, const User& user, const Attempt& attempt) {
  std::string_view reason = "the certificate's CA is not trusted";
  for (const AuthorizedKey& entry : user.keys) {
    if (!entry.restrictions.authority || !(entry.key == attempt.certificate.authority())) continue;
    auto granted = by_line(entry, attempt);
    if (granted) return granted;
    reason = granted.error();
  }
  return by_trusted_authority(users, attempt, reason);
}

}  // namespace

Permissions permissions_of(const ssh::CertificateGrant& grant) {
  return {.forced_command = grant.forced_command,
          .environment = {},
          .pty = grant.pty,
          .port_forwarding = grant.port_forwarding,
          .agent_forwarding = grant.agent_forwarding,
          .x11_forwarding = grant.x11_forwarding};
}

Decision decide_certificate(const Users& users, const ssh::AuthContext& context,
                            const ssh::Certificate& certificate, const ssh::CertificateProof& proof) {
  const User* const user = users.find(context.user);
  if (user == nullptr) return refused("unknown user");
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto grant = check_user_certificate(certificate, now, context.remote_address);
  if (!grant) return refused(grant.error().detail);
  if (const auto reason = missing_proof(*grant, proof); !reason.empty()) return refused(std::string(reason));
  if (const auto reason = users.revocations().obstacle(certificate); !reason.empty())
    return refused(std::string(reason));
  const Attempt attempt{.context = context,
                        .certificate = certificate,
                        .proof = proof,
                        .now = now,
                        .principals = user->principals.value_or(Names{context.user}),
                        .granted = permissions_of(*grant)};
  auto granted = by_any(users, *user, attempt);
  if (!granted) return refused(std::string(granted.error()));
  return {ssh::Verdict::accepted, std::move(*granted), {}};
}

}  // namespace fairlead::auth
