// SPDX-License-Identifier: Apache-2.0
// The default answers of an Authenticator: no.
#include <fairlead/ssh/auth.hpp>

#include <algorithm>

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

std::vector<std::string> Authenticator::next_methods(const AuthContext& context) const {
  std::vector<std::string> names = methods();
  std::erase_if(names, [&](const std::string& name) {
    return std::ranges::find(context.succeeded, name) != context.succeeded.end();
  });
  return names;
}
Task<Verdict> Authenticator::keyboard_interactive(const AuthContext&, Prompter&) {
  co_return Verdict::refused;
}
Task<Verdict> Authenticator::gssapi(const AuthContext&, const std::string&) {
  co_return Verdict::refused;
}
Task<Verdict> Authenticator::none(const AuthContext&) {
  co_return Verdict::refused;
}
std::string Authenticator::explanation(const AuthContext&) {
  return {};
}
void Authenticator::refused(const AuthContext&, LoginRefusal) {}

}  // namespace fairlead::ssh
