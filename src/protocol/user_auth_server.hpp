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
  void accept() override;  // not for a query: a query never logs in, and accept() then does nothing
  void reject(bool partial_success) override;
  void accept_query() override;

 private:
  struct Request;
  enum class Pending : std::uint8_t { nothing, attempt, query };

  [[nodiscard]] Result<std::optional<EngineEvent>> on_password(Request& request);
  [[nodiscard]] Result<std::optional<EngineEvent>> on_public_key(Request& request, bool host_bound);
  [[nodiscard]] std::optional<EngineEvent> refuse(std::string_view method, const char* reason);
  void send_failure(bool partial_success);
  void send_banner();
  void count_failure();

  const EngineConfig& config_;
  Transport& transport_;
  std::string user_;
  std::string method_;
  std::string algorithm_;
  std::vector<std::byte> query_blob_;
  SecretBytes password_;
  std::optional<PublicKey> key_;
  unsigned requests_ = 0;
  unsigned failures_ = 0;
  Pending pending_ = Pending::nothing;
  bool user_known_ = false;
  bool banner_sent_ = false;
};

}  // namespace fairlead::ssh
