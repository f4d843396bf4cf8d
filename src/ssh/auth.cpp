// SPDX-License-Identifier: Apache-2.0
// The default answers of an Authenticator: no.
#include <fairlead/ssh/auth.hpp>

namespace fairlead::ssh {

Task<Verdict> Authenticator::password(const AuthContext&, Bytes) {
  co_return Verdict::refused;
}
Task<Verdict> Authenticator::public_key(const AuthContext&, const PublicKey&, bool) {
  co_return Verdict::refused;
}
Task<Verdict> Authenticator::security_key(const AuthContext& context, const PublicKey& key,
                                          SecurityKeyUse use) {
  if (!use.touched) co_return Verdict::refused;
  co_return co_await public_key(context, key, true);
}
Task<Verdict> Authenticator::certificate(const AuthContext&, const Certificate&, const CertificateProof&) {
  co_return Verdict::refused;
}
Task<Verdict> Authenticator::none(const AuthContext&) {
  co_return Verdict::refused;
}

}  // namespace fairlead::ssh
