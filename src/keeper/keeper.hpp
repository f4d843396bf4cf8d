// SPDX-License-Identifier: Apache-2.0
// Authority behind plain messages (design D9): host-key signatures and authentication verdicts. Requests and
// answers are values without pointers, so that a later process of its own is only another transport.
#pragma once

#include "auth/decision.hpp"
#include "base/secret.hpp"
#include "config/metadata.hpp"

#include <fairlead/ssh/async.hpp>
#include <fairlead/ssh/certificate.hpp>
#include <fairlead/ssh/error.hpp>
#include <fairlead/ssh/keys.hpp>
#include <fairlead/ssh/prompts.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fairlead::keeper {

// Who asks. Strings from the client are checked (limits, UTF-8), not escaped.
struct Client {
  std::string connection_id;
  std::string user;
  std::string remote_address;
  std::uint16_t remote_port = 0;
  std::string identification;
};

struct SignatureRequest {
  std::size_t host_key = 0;  // index into Keeper::host_keys()
  std::string algorithm;
  std::vector<std::byte> data;
};

struct PasswordRequest {
  Client client;
  ssh::SecretBytes password;
};

struct PublicKeyRequest {
  Client client;
  std::vector<std::byte> key;              // wire form of a key, or of a certificate
  bool verified = false;                   // false: only a query, which grants nothing
  std::optional<ssh::SecurityKeyUse> use;  // verified, of a key in a FIDO token
};

// One turn of a keyboard-interactive dialogue.
struct DialogueRequest {
  Client client;
  std::optional<std::vector<ssh::SecretBytes>> answers;  // to the prompts before; nothing: it begins
};

// What an attempt means for the login. The keeper remembers what each connection has proved, and goes by
// nothing that a request says of it.
struct Answer {
  ssh::Verdict verdict = ssh::Verdict::refused;
  auth::Permissions permissions;          // with `accepted`: what all methods together grant
  std::vector<std::string> next_methods;  // with `partial`: what can continue
  std::string reason;                     // of a refusal or an outage, for the log only
  config::Metadata metadata;              // with `accepted`: of those who vouched, and of nobody else
  // With `unavailable`: only the authorization is missing, and nobody outside may learn that.
  bool proved = false;
};

[[nodiscard]] inline Answer refuse(std::string reason) {
  Answer answer;
  answer.reason = std::move(reason);
  return answer;
}
[[nodiscard]] inline Answer outage(std::string reason) {
  Answer answer = refuse(std::move(reason));
  answer.verdict = ssh::Verdict::unavailable;
  return answer;
}

struct DialogueAnswer {
  std::optional<ssh::PromptRound> prompts;  // ask this; else:
  Answer answer;
};

// Thread-safe; tasks complete on the caller's executor and never throw for what a client can cause: a refusal
// is a value.
class Keeper {
 public:
  virtual ~Keeper() = default;

  [[nodiscard]] virtual std::vector<ssh::PublicKey> host_keys() const = 0;  // in order of preference
  [[nodiscard]] virtual std::vector<ssh::Certificate> host_certificates() const = 0;
  [[nodiscard]] virtual std::vector<std::string> auth_methods() const = 0;  // for USERAUTH_FAILURE
  [[nodiscard]] virtual ssh::Task<ssh::Result<std::vector<std::byte>>> sign(SignatureRequest request) = 0;
  [[nodiscard]] virtual ssh::Task<Answer> check_password(PasswordRequest request) = 0;
  [[nodiscard]] virtual ssh::Task<Answer> check_public_key(PublicKeyRequest request) = 0;
  [[nodiscard]] virtual ssh::Task<DialogueAnswer> converse(DialogueRequest request) = 0;
  // The connection is over: what it has proved counts no more.
  virtual void forget(const std::string& connection_id) = 0;
};

}  // namespace fairlead::keeper
