// SPDX-License-Identifier: Apache-2.0
// Login requests of RFC 4252 and their answers.
#include "protocol/user_auth_client.hpp"

#include "base/secret.hpp"
#include "base/wire.hpp"
#include "protocol/keyboard_interactive.hpp"
#include "protocol/message_numbers.hpp"

#include <fairlead/ssh/limits.hpp>

#include <utility>

namespace fairlead::ssh {

namespace {

// The fields up to the method's own; `method` is RFC 4252's name.
void write_request(WireWriter& writer, std::string_view user, std::string_view method) {
  writer.byte(msg::userauth_request).string(user).string("ssh-connection").string(method);
}

void write_public_key(WireWriter& writer, bool is_signed, std::string_view algorithm, Bytes blob) {
  writer.boolean(is_signed).string(algorithm).string(blob);
}

}  // namespace

Result<std::optional<EngineEvent>> UserAuthClient::on_message(MutableBytes payload) {
  const auto number = std::to_integer<std::uint8_t>(payload[0]);
  WireReader reader(Bytes(payload).subspan(1));
  if (number == msg::userauth_banner) {
    const std::string_view text = reader.text();
    if (!reader.ok()) return failure(Errc::bad_message, "USERAUTH_BANNER");
    return EngineEvent(event::AuthBanner{text});
  }
  // An answer that nobody asked for: a server that lets us in unasked is no server of ours.
  if (pending_ == Pending::nothing || pending_ == Pending::asked)
    return failure(Errc::unexpected_message, "answer without a request");
  switch (number) {
    case msg::userauth_success:
      if (pending_ == Pending::query) return failure(Errc::unexpected_message, "success of a query");
      pending_ = Pending::nothing;
      transport_.set_authenticated();
      return EngineEvent(event::AuthSucceeded{});
    case msg::userauth_failure:
      return on_failure(payload);
    case msg::userauth_pk_ok:
      return pending_ == Pending::dialogue ? on_info_request(payload) : on_pk_ok(payload);
    default:
      return failure(Errc::unexpected_message);
  }
}

Result<std::optional<EngineEvent>> UserAuthClient::on_failure(Bytes payload) {
  WireReader reader(payload.subspan(1));
  const std::string_view methods = reader.text();
  const bool partial_success = reader.boolean();
  if (!reader.done() || !NameList(methods).valid()) return failure(Errc::bad_message, "USERAUTH_FAILURE");
  pending_ = Pending::nothing;
  return EngineEvent(event::AuthFailed{.methods = methods, .partial_success = partial_success});
}

Result<std::optional<EngineEvent>> UserAuthClient::on_pk_ok(Bytes payload) {
  // Number 60 belongs to the method: behind a password it asks for a new one (RFC 4252 section 8), which we
  // do not give.
  if (pending_ == Pending::attempt) {
    pending_ = Pending::nothing;
    return EngineEvent(event::AuthFailed{.methods = {}, .partial_success = false});
  }
  WireReader reader(payload.subspan(1));
  const std::string_view algorithm = reader.text();
  const Bytes blob = reader.string();
  if (!reader.done()) return failure(Errc::bad_message, "USERAUTH_PK_OK");
  if (algorithm != algorithm_ || !equal(blob, key_blob_))
    return failure(Errc::bad_message, "PK_OK for another key");
  pending_ = Pending::nothing;
  return EngineEvent(event::AuthQueryAccepted{});
}

Result<std::optional<EngineEvent>> UserAuthClient::on_info_request(Bytes payload) {
  if (++rounds_ > limits::auth_rounds) return failure(Errc::unexpected_message, "too many rounds of prompts");
  auto round = read_info_request(payload);
  if (!round) return std::unexpected(round.error());
  prompts_ = round->prompts.size();
  pending_ = Pending::asked;
  return EngineEvent(event::AuthPrompts{std::move(*round)});
}

bool UserAuthClient::begin(Pending kind) noexcept {
  const bool free = pending_ == Pending::nothing || pending_ == Pending::asked;
  if (!free || transport_.authenticated()) return false;
  pending_ = kind;
  return true;
}

void UserAuthClient::request_none(std::string_view user) {
  if (!begin(Pending::attempt)) return;
  ByteBuffer payload;
  WireWriter writer(payload);
  write_request(writer, user, "none");
  transport_.send(payload.readable());
}

void UserAuthClient::request_password(std::string_view user, Bytes password) {
  if (!begin(Pending::attempt)) return;
  ByteBuffer payload;
  // All room at once: a buffer that grows leaves copies of the password behind.
  std::ignore = payload.prepare(64 + user.size() + password.size());
  WireWriter writer(payload);
  write_request(writer, user, "password");
  writer.boolean(false).string(password);
  transport_.send(payload.readable());
  wipe(payload.readable());
}

void UserAuthClient::request_keyboard_interactive(std::string_view user) {
  if (!begin(Pending::dialogue)) return;
  rounds_ = 0;
  ByteBuffer payload;
  WireWriter writer(payload);
  write_request(writer, user, "keyboard-interactive");
  writer.string("").string("");
  transport_.send(payload.readable());
}

void UserAuthClient::answer_prompts(std::span<const SecretBytes> answers) {
  if (pending_ != Pending::asked || answers.size() != prompts_) return;
  pending_ = Pending::dialogue;
  ByteBuffer payload = write_info_response(answers);
  transport_.send(payload.readable());
  wipe(payload.readable());
}

void UserAuthClient::request_public_key(std::string_view user, Bytes key, std::string_view algorithm) {
  if (!begin(Pending::query)) return;
  algorithm_ = algorithm;
  key_blob_.assign(key.begin(), key.end());
  ByteBuffer payload;
  WireWriter writer(payload);
  write_request(writer, user, "publickey");
  write_public_key(writer, false, algorithm, key);
  transport_.send(payload.readable());
}

std::vector<std::byte> UserAuthClient::public_key_challenge(std::string_view user, Bytes key,
                                                            std::string_view algorithm) const {
  ByteBuffer data;
  WireWriter writer(data);
  writer.string(transport_.session_id());
  write_request(writer, user, "publickey");
  write_public_key(writer, true, algorithm, key);
  const Bytes bytes = data.readable();
  return {bytes.begin(), bytes.end()};
}

void UserAuthClient::request_public_key_signed(std::string_view user, Bytes key, std::string_view algorithm,
                                               Bytes signature) {
  if (!begin(Pending::attempt)) return;
  ByteBuffer payload;
  WireWriter writer(payload);
  write_request(writer, user, "publickey");
  write_public_key(writer, true, algorithm, key);
  writer.string(signature);
  transport_.send(payload.readable());
}

}  // namespace fairlead::ssh
