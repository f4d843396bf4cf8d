// SPDX-License-Identifier: Apache-2.0
// The application's half of gssapi-with-mic (RFC 4462 section 3): a GSS-API library behind an interface,
// since the engine links none.
#pragma once

#include <fairlead/ssh/async.hpp>
#include <fairlead/ssh/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace fairlead::ssh {

// What GSS_Accept_sec_context() made of a token.
struct GssapiStep {
  enum class State : std::uint8_t {
    failed,    // the zero value
    proceed,   // the client's next token is needed
    complete,  // with integrity available; without it there is no MIC, and no login
  };
  State state = State::failed;
  std::vector<std::byte> token;  // for the client, unless empty; of a failure too
  // Of a failure, for the client; nothing is sent when `major` is 0.
  std::uint32_t major = 0, minor = 0;
  std::string message;
};

// The security context of one attempt; it is destroyed when the attempt is over. One task at a time, whose
// arguments live until it is done. These calls may block for long (a KDC, a replay cache): do the work on
// another thread. An exception is a failure.
class GssapiContext {
 public:
  virtual ~GssapiContext() = default;

  [[nodiscard]] virtual Task<GssapiStep> accept(Bytes token) = 0;
  // After `complete`: whether `mic` is the client's GSS_GetMIC() of `message`.
  [[nodiscard]] virtual Task<bool> verify_mic(Bytes message, Bytes mic) = 0;
  // After `complete`: who the client is to the mechanism, "alice@EXAMPLE.ORG".
  [[nodiscard]] virtual std::string principal() const = 0;
};

// Thread-safe: serves all connections.
class GssapiAcceptor {
 public:
  virtual ~GssapiAcceptor() = default;

  // A context for `mechanism`, an OID in DER that the client has offered; null: not supported.
  [[nodiscard]] virtual std::unique_ptr<GssapiContext> begin(Bytes mechanism) = 0;
};

}  // namespace fairlead::ssh
