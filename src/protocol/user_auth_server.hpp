// SPDX-License-Identifier: Apache-2.0
// The server's side of RFC 4252: decodes and bounds requests, verifies signatures, answers in order.
#pragma once

#include "base/secret.hpp"
#include "protocol/transport.hpp"
#include "protocol/user_auth.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace fairlead::ssh {

// Decides nothing by itself but refusals: a login needs accept() for exactly the attempt that is pending.
// Nothing about a key is remembered between requests (CVE-2024-45337).
class UserAuthServer final : public UserAuth {
 public:
  // Both must outlive this object.
  UserAuthServer(const EngineConfig& config, Transport& transport) : config_(config), transport_(transport) {}

  // A message of number 50..79. AuthAttempt pauses the transport until the answer; AuthRefused has been
  // answered. Errors (changed user, too many requests …) are for Transport::fail(), which the caller calls.
  [[nodiscard]] Result<std::optional<EngineEvent>> on_message(MutableBytes payload) override;

  // Answers to the pending attempt; without one they do nothing. After limits::auth_failures refusals the
  // transport fails with too_many_auth_attempts, which the next Transport::next() returns.
  void accept() override;  // of a query this is accept_query(): a query never logs in
  void reject(bool partial_success) override;
  void accept_query() override;

 private:
  struct Request;
  enum class Pending : std::uint8_t { nothing, attempt, query };
  using Told = Result<std::optional<EngineEvent>>;

  [[nodiscard]] Result<> check_identity(const Request& request);
  [[nodiscard]] Told on_none(const Request& request);
  [[nodiscard]] Told on_password(Request& request, MutableBytes payload);
  [[nodiscard]] Told on_public_key(Request& request, Bytes payload);
  [[nodiscard]] bool offers(std::string_view method) const noexcept;
  // Answers FAILURE (or ends the connection) and tells the owner why.
  [[nodiscard]] EngineEvent refuse(const Request& request, const char* reason);
  [[nodiscard]] EngineEvent ask(Pending kind, event::AuthAttempt attempt);
  [[nodiscard]] Pending take_pending() noexcept;
  void answer_failure(bool free, bool partial_success);
  void answer(Bytes payload);

  const EngineConfig& config_;
  Transport& transport_;
  std::string user_;  // of the first request; it must not change
  // Of the pending attempt.
  std::string algorithm_;
  SecretBytes password_;
  std::vector<std::byte> key_blob_;
  Pending pending_ = Pending::nothing;
  bool pending_is_free_ = false;  // its refusal does not count
  unsigned requests_ = 0;
  unsigned failures_ = 0;
  bool banner_sent_ = false;
};

}  // namespace fairlead::ssh
