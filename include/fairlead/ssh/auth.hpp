// SPDX-License-Identifier: Apache-2.0
// Who may log in: the interface that accept() asks, once per attempt. Refusal is the default of everything
// here.
#pragma once

#include <fairlead/ssh/async.hpp>
#include <fairlead/ssh/bytes.hpp>
#include <fairlead/ssh/certificate.hpp>
#include <fairlead/ssh/keys.hpp>
#include <fairlead/ssh/login_refusal.hpp>
#include <fairlead/ssh/prompts.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace fairlead::ssh {

enum class Verdict : std::uint8_t {
  refused,  // the zero value
  // Refused, because whoever decides could not be asked: no failure of the user's, as far as
  // limits::auth_outages goes.
  unavailable,
  partial,  // right, but another method is needed too (RFC 4252 section 5.1)
  accepted,
};

struct AuthContext {
  std::string user;            // valid UTF-8 without control characters, at most limits::user_name bytes
  std::string remote_address;  // of the client, without the port
  std::uint16_t remote_port = 0;
  std::string client_identification;
  std::string session_id;  // raw bytes
  // The methods whose verdict was `partial`, in this order: what this client has proved so far.
  std::vector<std::string> succeeded;
};

// Asks whoever sits at the client's keyboard (RFC 4256).
class Prompter {
 public:
  virtual ~Prompter() = default;

  // As many answers as prompts, each at most limits::password bytes without NUL. They are wiped at the next
  // ask() and when the dialogue is over. Throws operation_aborted when the client gives up; the dialogue ends
  // and the attempt fails when it answers wrongly, or after limits::auth_rounds rounds.
  [[nodiscard]] virtual Task<std::vector<Bytes>> ask(PromptRound round) = 0;
};

// One object may serve many connections at once, each on its own thread. Arguments live until the returned
// task is done. An exception counts as unavailable,
// but std::bad_alloc ends the connection. The task is cancelled when the connection ends before the
// answer: by the login deadline, above all.
class Authenticator {
 public:
  virtual ~Authenticator() = default;

  // Names for USERAUTH_FAILURE: "publickey", "password", "keyboard-interactive", "gssapi-with-mic" (with a
  // ServerConfig::gssapi). Methods not named are refused without asking. It is not told who asks: the list is
  // the same for those who exist and those who do not.
  [[nodiscard]] virtual std::vector<std::string> methods() const = 0;
  // After a `partial` verdict: what can continue, and nothing else will be taken. An empty list refuses.
  // By default methods() without those of context.succeeded.
  //
  // Several methods in a row are several answers. What they grant must be what *all* of them grant: the
  // restrictions of a key hold on whether a password comes after it or before (CVE-2026-39828).
  [[nodiscard]] virtual std::vector<std::string> next_methods(const AuthContext& context) const;

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
  // One dialogue: asks as often as it needs. Ask unknown users the same, or they are known from the known
  // ones.
  [[nodiscard]] virtual Task<Verdict> keyboard_interactive(const AuthContext& context, Prompter& prompter);
  // Whether `principal`, which the mechanism vouches for, may log in as context.user. The client has proved
  // with a MIC that it wants just that.
  [[nodiscard]] virtual Task<Verdict> gssapi(const AuthContext& context, const std::string& principal);
  [[nodiscard]] virtual Task<Verdict> none(const AuthContext& context);
  // Asked after each refusal, so that it need not be silent: a text that is not empty is shown to the client
  // before the answer (RFC 4252 section 5.4). It must say nothing about the account.
  [[nodiscard]] virtual std::string explanation(const AuthContext& context);
  // An attempt that the engine has refused without asking: for whoever counts guesses. Nothing to decide.
  // context.user is what the client said, of any content and length up to one byte more than allowed.
  virtual void refused(const AuthContext& context, LoginRefusal why);
};

}  // namespace fairlead::ssh
