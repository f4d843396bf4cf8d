// SPDX-License-Identifier: Apache-2.0
// Who may log in: the interface that accept() asks, once per attempt. Refusal is the default of everything
// here.
#pragma once

#include <fairlead/ssh/async.hpp>
#include <fairlead/ssh/bytes.hpp>
#include <fairlead/ssh/certificate.hpp>
#include <fairlead/ssh/keys.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace fairlead::ssh {

enum class Verdict : std::uint8_t {
  refused,  // the zero value
  partial,  // right, but another method is needed too (RFC 4252 section 5.1)
  accepted,
};

struct AuthContext {
  std::string user;            // valid UTF-8 without control characters, at most limits::user_name bytes
  std::string remote_address;  // of the client, without the port
  std::uint16_t remote_port = 0;
  std::string client_identification;
  std::string session_id;  // raw bytes
};

// One object may serve many connections at once, each on its own thread. Arguments live until the returned
// task is done. An exception counts as refused. The task is cancelled when the connection ends before the
// answer: by the login deadline, above all.
class Authenticator {
 public:
  virtual ~Authenticator() = default;

  // Names for USERAUTH_FAILURE: "publickey", "password". Methods not named are refused without asking.
  [[nodiscard]] virtual std::vector<std::string> methods() const = 0;

  [[nodiscard]] virtual Task<Verdict> password(const AuthContext& context, Bytes password);
  // `verified` is false for a query: accepted then only means "worth signing with". It is true when the
  // client has proved that it owns the key, and only then does the answer log anyone in (CVE-2024-45337).
  [[nodiscard]] virtual Task<Verdict> public_key(const AuthContext& context, const PublicKey& key,
                                                 bool verified);
  // A verified attempt with a key in a FIDO token. By default public_key() is asked when the token was
  // touched, and the attempt is refused else.
  [[nodiscard]] virtual Task<Verdict> security_key(const AuthContext& context, const PublicKey& key,
                                                   SecurityKeyUse use);
  // An attempt with an OpenSSH user certificate that check_user_certificate() has nothing against and whose
  // key's holder did what the certificate demands. Left to the answer: whether its CA may vouch for this
  // user, with which principals, and whether any of it is revoked. Who accepts must also enforce what
  // check_user_certificate() says it grants: its command, and nothing that it does not permit.
  [[nodiscard]] virtual Task<Verdict> certificate(const AuthContext& context, const Certificate& certificate,
                                                  const CertificateProof& proof);
  [[nodiscard]] virtual Task<Verdict> none(const AuthContext& context);
};

}  // namespace fairlead::ssh
