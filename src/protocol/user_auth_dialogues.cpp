// SPDX-License-Identifier: Apache-2.0
// The methods of UserAuthServer that take more than one message: keyboard-interactive and gssapi-with-mic.
#include "base/wire.hpp"
#include "protocol/message_numbers.hpp"
#include "protocol/user_auth_server.hpp"

#include <tuple>
#include <utility>

namespace fairlead::ssh {

Result<> UserAuthServer::abandon_dialogue() {
  if (std::holds_alternative<std::monostate>(dialogue_)) return {};
  end_dialogue();
  if (!count_failure()) return failure(Errc::too_many_auth_attempts);
  return {};
}

void UserAuthServer::end_dialogue() noexcept {
  dialogue_ = std::monostate();
  transport_.set_dialogue(AuthDialogue::none);
}

UserAuthServer::Told UserAuthServer::on_dialogue(MutableBytes payload) {
  if (auto* prompts = std::get_if<PromptDialogue>(&dialogue_)) return on_info_response(*prompts, payload);
  if (auto* exchange = std::get_if<GssapiExchange>(&dialogue_)) return on_gssapi_message(*exchange, payload);
  return failure(Errc::unexpected_message, "no dialogue is under way");
}

// --- keyboard-interactive

UserAuthServer::Told UserAuthServer::on_keyboard_interactive(Request& request) {
  std::ignore = request.fields.text();  // the language: deprecated (RFC 4256 section 3.1)
  std::ignore = request.fields.text();  // submethods: a hint
  if (!request.fields.done()) return failure(Errc::bad_message, "keyboard-interactive request");
  if (!user_is_acceptable()) return refuse(request, LoginRefusal::dialogue, "bad user name");
  dialogue_.emplace<PromptDialogue>();
  event::AuthAttempt attempt;
  attempt.method = event::AuthAttempt::Method::keyboard_interactive;
  return ask(Pending::attempt, std::move(attempt));
}

bool UserAuthServer::prompt(const PromptRound& round) {
  auto* dialogue = std::get_if<PromptDialogue>(&dialogue_);
  if (pending_ != Pending::attempt || dialogue == nullptr) return false;
  const ByteBuffer request = dialogue->ask(round);
  if (request.empty()) return false;
  std::ignore = take_pending();
  transport_.set_dialogue(AuthDialogue::prompts);
  answer(request.readable());
  return true;
}

UserAuthServer::Told UserAuthServer::on_info_response(PromptDialogue& dialogue, MutableBytes payload) {
  if (payload[0] != std::byte{msg::userauth_info_response}) return failure(Errc::unexpected_message);
  auto answers = dialogue.take_answers(payload);
  if (!answers) return std::unexpected(answers.error());
  if (!*answers) return refuse_dialogue("keyboard-interactive", "the answers do not fit the prompts");
  await_answer(Pending::attempt);
  return EngineEvent(event::AuthAnswers{std::move(**answers)});
}

// --- gssapi-with-mic

UserAuthServer::Told UserAuthServer::on_gssapi(Request& request) {
  auto mechanisms = GssapiExchange::read_mechanisms(request.fields);
  if (!mechanisms) return std::unexpected(mechanisms.error());
  if (mechanisms->empty()) return refuse(request, LoginRefusal::method, "no mechanisms, or too many");
  if (!user_is_acceptable()) return refuse(request, LoginRefusal::dialogue, "bad user name");
  dialogue_.emplace<GssapiExchange>();
  event::AuthAttempt attempt;
  attempt.method = event::AuthAttempt::Method::gssapi;
  attempt.mechanisms = std::move(*mechanisms);
  return ask(Pending::exchange, std::move(attempt));
}

void UserAuthServer::choose_gssapi(Bytes mechanism) {
  auto* exchange = std::get_if<GssapiExchange>(&dialogue_);
  if (pending_ != Pending::exchange || exchange == nullptr) return;
  const auto response = exchange->choose(mechanism);
  if (!response) return reject();
  std::ignore = take_pending();
  transport_.set_dialogue(AuthDialogue::gssapi);
  answer(response->readable());
}

void UserAuthServer::continue_gssapi(Bytes token, bool complete) {
  auto* exchange = std::get_if<GssapiExchange>(&dialogue_);
  if (pending_ != Pending::exchange || exchange == nullptr) return;
  const auto reply = exchange->answer(token, complete);
  if (!reply) return reject();
  std::ignore = take_pending();
  if (!reply->empty()) answer(reply->readable());
}

void UserAuthServer::reject_gssapi(const GssapiFailure& failure) {
  if (pending_ != Pending::exchange || !std::holds_alternative<GssapiExchange>(dialogue_)) return reject();
  ByteBuffer payload;
  if (failure.major != 0) {
    WireWriter(payload)
        .byte(msg::userauth_gssapi_error)
        .u32(failure.major)
        .u32(failure.minor)
        .string(failure.message)
        .string("");
    answer(payload.readable());
  }
  payload.clear();
  if (!failure.token.empty()) {
    WireWriter(payload).byte(msg::userauth_gssapi_errtok).string(failure.token);
    answer(payload.readable());
  }
  reject();
}

UserAuthServer::Told UserAuthServer::on_gssapi_message(GssapiExchange& exchange, Bytes payload) {
  const auto message = exchange.read(payload);
  if (!message) return std::unexpected(message.error());
  switch (message->step) {
    case GssapiExchange::Step::token:
      await_answer(Pending::exchange);
      return EngineEvent(event::GssapiToken{message->body});
    case GssapiExchange::Step::mic:
      await_answer(Pending::attempt);
      return EngineEvent(event::GssapiMic{message->body, gssapi_challenge(transport_.session_id(), user_)});
    case GssapiExchange::Step::abandoned:
      if (auto ended = abandon_dialogue(); !ended) return std::unexpected(ended.error());
      return refusal("gssapi-with-mic", LoginRefusal::dialogue, "the client's mechanism failed");
    case GssapiExchange::Step::no_mic:
      break;
  }
  return refuse_dialogue("gssapi-with-mic", "no MIC");
}

EngineEvent UserAuthServer::refuse_dialogue(std::string_view method, const char* reason) {
  end_dialogue();
  answer_failure(false);
  return refusal(method, LoginRefusal::dialogue, reason);
}

}  // namespace fairlead::ssh
