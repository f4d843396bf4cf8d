// SPDX-License-Identifier: Apache-2.0
// The server's side of RFC 4252: decodes and bounds requests, verifies signatures, answers in order.
#pragma once

#include "base/secret.hpp"
#include "protocol/gssapi_exchange.hpp"
#include "protocol/keyboard_interactive.hpp"
#include "protocol/transport.hpp"
#include "protocol/user_auth.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace fairlead::ssh {

// Decides nothing by itself but refusals: a login needs accept() for exactly the attempt that is pending.
// Nothing about a key is remembered between requests (CVE-2024-45337).
class UserAuthServer final : public UserAuth {
 public:
  // Both must outlive this object.
  UserAuthServer(const EngineConfig& config, Transport& transport)
      : config_(config), transport_(transport), methods_(config.auth_methods) {}

  // A message of number 50..79. AuthAttempt pauses the transport until the answer; AuthRefused has been
  // answered. Errors (changed user, too many requests …) are for Transport::fail(), which the caller calls.
  [[nodiscard]] Result<std::optional<EngineEvent>> on_message(MutableBytes payload) override;

  // Answers to the pending attempt; without one they do nothing. After limits::auth_failures refusals the
  // transport fails with too_many_auth_attempts, which the next Transport::next() returns.
  void accept() override;  // of a query this is accept_query(): a query never logs in
  void reject() override;
  void excuse() override;
  void accept_query() override;
  void accept_partly(std::vector<std::string> next_methods) override;
  [[nodiscard]] bool prompt(const PromptRound& round) override;
  void choose_gssapi(Bytes mechanism) override;
  void continue_gssapi(Bytes token, bool complete) override;
  void reject_gssapi(const GssapiFailure& failure) override;
  void show_banner(std::string_view text) override;

 private:
  struct Request {
    WireReader fields;
    std::string_view user, service;
    std::string_view method;  // one of ours
    bool host_bound = false;
    bool free =
        false;  // a refusal does not count: the first request, when it only asks which methods there are
  };
  // `exchange`: a step of a GSS-API mechanism, which no more logs in than a query does.
  enum class Pending : std::uint8_t { nothing, attempt, query, exchange };
  using Told = Result<std::optional<EngineEvent>>;

  [[nodiscard]] Result<> check_identity(const Request& request);
  [[nodiscard]] Told on_none(const Request& request);
  [[nodiscard]] Told on_password(Request& request);
  [[nodiscard]] Told on_public_key(Request& request, Bytes payload);
  // user_auth_dialogues.cpp: methods of more than one message.
  [[nodiscard]] Told on_keyboard_interactive(Request& request);
  [[nodiscard]] Told on_gssapi(Request& request);
  [[nodiscard]] Told on_dialogue(MutableBytes payload);
  [[nodiscard]] Told on_info_response(PromptDialogue& dialogue, MutableBytes payload);
  [[nodiscard]] Told on_gssapi_message(GssapiExchange& exchange, Bytes payload);
  // A request that came instead of the dialogue's next message: it failed without an answer (RFC 4252 section
  // 5.1), which counts.
  [[nodiscard]] Result<> abandon_dialogue();
  void end_dialogue() noexcept;
  [[nodiscard]] bool user_is_acceptable() const noexcept;
  [[nodiscard]] bool offers(std::string_view method) const noexcept;
  // Answers FAILURE (or ends the connection) and tells the owner why.
  [[nodiscard]] EngineEvent refuse(const Request& request, LoginRefusal why, const char* reason);
  [[nodiscard]] EngineEvent refuse_dialogue(std::string_view method, const char* reason);
  [[nodiscard]] EngineEvent refusal(std::string_view method, LoginRefusal why, const char* reason) const;
  [[nodiscard]] EngineEvent ask(Pending kind, event::AuthAttempt attempt);
  // Receives nothing until the owner has answered.
  void await_answer(Pending kind) noexcept;
  [[nodiscard]] Pending take_pending() noexcept;
  void answer_failure(bool free);
  void send_failure(bool partial_success);
  // False when that was the last one, and the connection fails.
  [[nodiscard]] bool count_failure();
  void answer(Bytes payload);

  const EngineConfig& config_;
  Transport& transport_;
  std::vector<std::string> methods_;  // that can continue
  std::string user_;                  // of the first request; it must not change
  // Of the pending attempt.
  std::string algorithm_;
  SecretBytes password_;
  std::vector<std::byte> key_blob_;
  std::variant<std::monostate, PromptDialogue, GssapiExchange> dialogue_;
  Pending pending_ = Pending::nothing;
  bool pending_is_free_ = false;  // its refusal does not count
  unsigned requests_ = 0;
  unsigned failures_ = 0;
  unsigned outages_ = 0;  // attempts that nobody could decide about
  bool banner_sent_ = false;
};

}  // namespace fairlead::ssh
