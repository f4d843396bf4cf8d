// SPDX-License-Identifier: Apache-2.0
// Identification, services, EXT_INFO, and when new keys are due.
#include "protocol/secure_transport.hpp"

#include "base/wire.hpp"
#include "protocol/message_numbers.hpp"

#include <fairlead/ssh/limits.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace fairlead::ssh {

namespace {

constexpr std::string_view user_auth_service = "ssh-userauth";

}  // namespace

SecureTransport::SecureTransport(const EngineConfig& config, RandomSource& random)
    : Transport(random),
      config_(config),
      version_(config.role == Role::client),
      handshake_({.config = config, .random = random, .reader = reader(), .writer = writer()}) {
  writer().pad_to(config.padding_unit);
  output().append(as_bytes(config.identification));
  output().append(as_bytes("\r\n"));
  // In one write with the identification: the peer need not ask for it (design section 6, lesson 2).
  std::ignore = handshake_.start();  // cannot fail without a cipher
  close_gate();
}

Phase SecureTransport::phase() const noexcept {
  if (version_.peer().empty()) return Phase::identification;
  if (const auto phase = handshake_.phase()) return *phase;
  if (authenticated_) return Phase::open;
  if (!service_accepted_) return Phase::service;
  if (dialogue_ == AuthDialogue::prompts) return Phase::auth_prompts;
  return dialogue_ == AuthDialogue::gssapi ? Phase::auth_gssapi : Phase::auth;
}

Situation SecureTransport::situation() const noexcept {
  return {.role = config_.role, .phase = phase(), .strict = handshake_.strict()};
}

void SecureTransport::send_farewell(const Error& error, std::string_view text) {
  if (error.code == Errc::bad_identification) {
    // Whoever this is does not read packets (ID-2).
    if (config_.role == Role::server) output().append(as_bytes("Invalid SSH identification string.\r\n"));
    return;
  }
  send_disconnect(disconnect_reason(error.code), text);
}

Transport::Received SecureTransport::on_transport_message(Bytes payload) {
  switch (std::to_integer<std::uint8_t>(payload[0])) {
    case msg::service_request:
      return on_service_request(payload);
    case msg::service_accept:
      return on_service_accept(payload);
    case msg::ext_info:
      return on_ext_info(payload);
    default:
      return on_key_exchange(payload);
  }
}

Transport::Received SecureTransport::on_service_request(Bytes payload) {
  WireReader reader(payload.subspan(1));
  const std::string_view service = reader.text();
  if (!reader.done()) return failure(Errc::bad_message, "SERVICE_REQUEST");
  if (service != user_auth_service) return failure(Errc::service_not_available);
  if (++service_requests_ > limits::auth_requests)
    return failure(Errc::too_many_auth_attempts, "service requests");
  service_accepted_ = true;
  ByteBuffer answer;
  WireWriter(answer).byte(msg::service_accept).string(user_auth_service);
  send(answer.readable());
  return std::nullopt;
}

Transport::Received SecureTransport::on_service_accept(Bytes payload) {
  WireReader reader(payload.subspan(1));
  const bool fits = reader.text() == user_auth_service && reader.done();
  // Old servers leave the name out.
  if (!fits && payload.size() > 1) return failure(Errc::bad_message, "SERVICE_ACCEPT");
  service_accepted_ = true;
  return EngineEvent(event::KeysReady{.first = true});
}

Transport::Received SecureTransport::on_ext_info(Bytes payload) {
  const unsigned allowed = config_.role == Role::server ? 1 : 2;
  if (++ext_infos_ > allowed) return failure(Errc::unexpected_message, "another EXT_INFO");
  WireReader reader(payload.subspan(1));
  const std::uint32_t count = reader.u32();
  if (count > limits::ext_info_extensions) return failure(Errc::bad_message, "too many extensions");
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    const std::string_view name = reader.text();
    const std::string_view value = reader.text();
    if (name != "server-sig-algs") continue;
    if (value.find('\0') != std::string_view::npos)
      return failure(Errc::bad_message, "NUL in server-sig-algs");
    if (config_.role == Role::client) take_login_algorithms(value);
  }
  if (!reader.done()) return failure(Errc::bad_message, "EXT_INFO");
  return std::nullopt;
}

// What a second EXT_INFO says replaces what the first said (RFC 8308 section 2.4).
void SecureTransport::take_login_algorithms(std::string_view listed) {
  login_algorithms_.clear();
  NameList ours(signature_algorithms());
  for (std::string_view name; ours.pop(name);)
    if (NameList(listed).contains(name)) login_algorithms_.push_back(name);
}

Transport::Received SecureTransport::on_key_exchange(Bytes payload) {
  if (std::to_integer<std::uint8_t>(payload[0]) == msg::kexinit) {
    const auto allowed = before_kexinit();
    if (!allowed) return std::unexpected(allowed.error());
  }
  auto told = handshake_.on_message(payload, version_.peer());
  if (!told) return std::unexpected(told.error());
  follow_handshake();
  if (!*told) return std::nullopt;
  if (const auto* ready = std::get_if<event::KeysReady>(&**told)) {
    keys_since_ = now();
    exchange_began_.reset();
    // A client tells it when the service has been accepted too.
    if (ready->first && config_.role == Role::client) return std::nullopt;
  }
  return std::move(**told);
}

Result<> SecureTransport::before_kexinit() {
  if (authenticated_ || ++early_exchanges_ <= limits::early_key_exchanges) return {};
  return failure(Errc::unexpected_message, "too many key exchanges before authentication");
}

void SecureTransport::host_signature(Bytes signature) {
  const auto sent = handshake_.host_signature(signature);
  if (!sent) std::ignore = fail(sent.error());
  follow_handshake();
}

void SecureTransport::accept_host_key() {
  if (!handshake_.awaits_owner() || config_.role != Role::client) return;
  const auto sent = handshake_.accept_host_key();
  if (!sent) std::ignore = fail(sent.error());
  follow_handshake();
  ByteBuffer request;
  WireWriter(request).byte(msg::service_request).string(user_auth_service);
  send(request.readable());
}

void SecureTransport::follow_handshake() {
  if (ended()) return;
  await_owner(handshake_.awaits_owner());
  if (handshake_.in_progress() && !exchange_began_) exchange_began_ = now();
  if (handshake_.holds_back_output())
    close_gate();
  else if (!gate_open())
    open_gate(authenticated_);
}

void SecureTransport::start_rekey() {
  if (ended()) return;
  const auto started = handshake_.start();
  if (!started) std::ignore = fail(started.error());
  follow_handshake();
}

bool SecureTransport::is_overdue(Clock::time_point now) const noexcept {
  const auto took = now - *exchange_began_;
  if (authenticated_) return took > limits::key_exchange_deadline;
  return handshake_.holds_back_output() && took > limits::early_key_exchange_deadline;
}

void SecureTransport::check_rekey(Clock::time_point now) {
  set_now(now);
  if (handshake_.in_progress()) {
    if (!exchange_began_) exchange_began_ = now;
    if (is_overdue(now)) std::ignore = fail({Errc::timeout, "key exchange"});
    return;
  }
  const bool limited = config_.rekey_interval > std::chrono::seconds::zero();
  if (authenticated_ && limited && now - keys_since_ >= config_.rekey_interval) start_rekey();
}

void SecureTransport::on_keys_used_up() {
  if (handshake_.in_progress()) return;
  if (authenticated_) return start_rekey();
  // PK-9: before authentication only the ciphers' own limits count, and nobody honest comes near them.
  const bool server = config_.role == Role::server;
  const auto spent = [&](const PacketKeys& keys, Flow flow) {
    return keys.packets() > limits::rekey_packets || keys.bytes() > handshake_.cipher_bytes(flow);
  };
  if (spent(writer().keys(), server ? Flow::server_to_client : Flow::client_to_server) ||
      spent(reader().keys(), server ? Flow::client_to_server : Flow::server_to_client))
    std::ignore = fail({Errc::key_exhausted, "before authentication"});
}

}  // namespace fairlead::ssh
