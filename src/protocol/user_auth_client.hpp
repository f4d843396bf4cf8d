// SPDX-License-Identifier: Apache-2.0
// The client's side of RFC 4252: one request at a time, and what the server says to it.
#pragma once

#include "protocol/transport.hpp"
#include "protocol/user_auth.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

// Requests are for the time after KeysReady{first}; a request while another is unanswered does nothing; the
// server waits for none when it has asked something itself.
class UserAuthClient final : public UserAuth {
 public:
  explicit UserAuthClient(Transport& transport) : transport_(transport) {}

  // A message of number 50..79: AuthSucceeded (the transport then is authenticated), AuthFailed,
  // AuthQueryAccepted, AuthPrompts or AuthBanner. Errors are for Transport::fail(), which the caller calls.
  [[nodiscard]] Result<std::optional<EngineEvent>> on_message(MutableBytes payload) override;

  void request_none(std::string_view user) override;
  void request_password(std::string_view user, Bytes password) override;
  void request_keyboard_interactive(std::string_view user) override;
  void answer_prompts(std::span<const SecretBytes> answers) override;
  void request_public_key(std::string_view user, Bytes key, std::string_view algorithm) override;
  [[nodiscard]] std::vector<std::byte> public_key_challenge(std::string_view user, Bytes key,
                                                            std::string_view algorithm) const override;
  void request_public_key_signed(std::string_view user, Bytes key, std::string_view algorithm,
                                 Bytes signature) override;

 private:
  // `dialogue`: keyboard-interactive, and the server is to speak. `asked`: it waits for answers, or for
  // another request.
  enum class Pending : std::uint8_t { nothing, attempt, query, dialogue, asked };

  [[nodiscard]] Result<std::optional<EngineEvent>> on_failure(Bytes payload);
  [[nodiscard]] Result<std::optional<EngineEvent>> on_pk_ok(Bytes payload);
  [[nodiscard]] Result<std::optional<EngineEvent>> on_info_request(Bytes payload);
  [[nodiscard]] bool begin(Pending kind) noexcept;

  Transport& transport_;
  Pending pending_ = Pending::nothing;
  std::size_t prompts_ = 0;          // that wait for answers
  unsigned rounds_ = 0;              // of the dialogue
  std::string algorithm_;            // of the pending query
  std::vector<std::byte> key_blob_;  // of the pending query
};

}  // namespace fairlead::ssh
