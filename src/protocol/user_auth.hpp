// SPDX-License-Identifier: Apache-2.0
// What Engine asks of user authentication (RFC 4252) in either role; UserAuthServer and UserAuthClient
// implement it.
#pragma once

#include "protocol/engine.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

// Calls that belong to the other role do nothing.
class UserAuth {
 public:
  virtual ~UserAuth() = default;

  // A message of number 50..79 that the legality table let pass. Errors are for Transport::fail(), which the
  // caller calls.
  [[nodiscard]] virtual Result<std::optional<EngineEvent>> on_message(MutableBytes payload) = 0;

  // --- server: answers to the pending attempt
  virtual void accept() {}
  virtual void reject() {}
  virtual void excuse() {}
  virtual void accept_query() {}
  virtual void accept_partly(std::vector<std::string> /*next_methods*/) {}
  virtual bool prompt(const PromptRound& /*round*/) { return false; }
  virtual void choose_gssapi(Bytes /*mechanism*/) {}
  virtual void continue_gssapi(Bytes /*token*/, bool /*complete*/) {}
  virtual void reject_gssapi(const GssapiFailure& /*failure*/) {}
  virtual void show_banner(std::string_view /*text*/) {}

  // --- client: see Engine
  virtual void request_none(std::string_view /*user*/) {}
  virtual void request_keyboard_interactive(std::string_view /*user*/) {}
  virtual void answer_prompts(std::span<const SecretBytes> /*answers*/) {}
  virtual void request_password(std::string_view /*user*/, Bytes /*password*/) {}
  virtual void request_public_key(std::string_view /*user*/, Bytes /*key*/, std::string_view /*algorithm*/) {}
  [[nodiscard]] virtual std::vector<std::byte> public_key_challenge(std::string_view /*user*/, Bytes /*key*/,
                                                                    std::string_view /*algorithm*/) const {
    return {};
  }
  virtual void request_public_key_signed(std::string_view /*user*/, Bytes /*key*/,
                                         std::string_view /*algorithm*/, Bytes /*signature*/) {}
};

}  // namespace fairlead::ssh
