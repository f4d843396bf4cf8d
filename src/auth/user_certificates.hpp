// SPDX-License-Identifier: Apache-2.0
// Verdicts about OpenSSH user certificates by the users file: which CA may vouch for whom.
#pragma once

#include "auth/decision.hpp"
#include "auth/users_file.hpp"

#include <fairlead/ssh/auth.hpp>
#include <fairlead/ssh/certificate.hpp>

namespace fairlead::auth {

// Accepted when the certificate is in force here and now, nothing of it is revoked, and its CA is trusted for
// one of its principals: by a cert-authority line of the user's keys, or by auth.local.trustedUserCAKeys. It
// grants what the certificate and that line both permit.
[[nodiscard]] Decision decide_certificate(const Users& users, const ssh::AuthContext& context,
                                          const ssh::Certificate& certificate,
                                          const ssh::CertificateProof& proof);

// What a certificate permits by itself.
[[nodiscard]] Permissions permissions_of(const ssh::CertificateGrant& grant);

}  // namespace fairlead::auth
