// SPDX-License-Identifier: Apache-2.0
// Engine: the transport, user authentication and the connection protocol put together.
#include "protocol/engine.hpp"

#include "protocol/engine_impl.hpp"
#include "protocol/message_numbers.hpp"

#include <utility>

namespace fairlead::ssh {

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Engine Engine::make_link(std::shared_ptr<const EngineConfig> config) {
  auto impl = std::make_unique<Impl>();
  impl->config = std::move(config);
  impl->transport = std::make_unique<Transport>();
  impl->admit();
  return Engine(std::move(impl));
}

Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

Result<std::optional<EngineEvent>> Engine::Impl::on_message(MutableBytes payload, Clock::time_point now) {
  if (std::to_integer<std::uint8_t>(payload[0]) > msg::last_userauth) {
    if (!connection) return failure(Errc::unexpected_message, "connection protocol before authentication");
    return connection->on_message(payload, now);
  }
  if (!user_auth) return failure(Errc::unexpected_message, "user authentication is over");
  auto told = user_auth->on_message(payload);
  admit();
  return told;
}

Result<EngineEvent> Engine::next(MutableBytes& input, Clock::time_point now) {
  // Only here: an event of the login may have pointed into it until now.
  if (impl_->connection) impl_->user_auth.reset();
  for (;;) {
    auto step = impl_->transport->next(input, now);
    if (!step) return std::unexpected(step.error());
    if (auto* event = std::get_if<EngineEvent>(&*step)) return std::move(*event);
    auto told = impl_->on_message(std::get<Transport::Message>(*step).payload, now);
    if (!told) return impl_->transport->fail(told.error());
    if (*told) return std::move(**told);
  }
}

ByteBuffer& Engine::output() noexcept {
  return impl_->transport->output();
}
std::size_t Engine::control_backlog() const noexcept {
  return impl_->transport->control_backlog();
}
void Engine::output_taken() noexcept {
  impl_->transport->output_taken();
}

void Engine::host_signature(Bytes signature) {
  impl_->transport->host_signature(signature);
}
void Engine::accept_host_key() {
  impl_->transport->accept_host_key();
}
void Engine::check_rekey(Clock::time_point now) {
  impl_->transport->check_rekey(now);
}
void Engine::start_rekey() {
  impl_->transport->start_rekey();
}
Bytes Engine::session_id() const noexcept {
  return impl_->transport->session_id();
}
std::string_view Engine::peer_identification() const noexcept {
  return impl_->transport->peer_identification();
}
std::string Engine::negotiated() const {
  return impl_->transport->negotiated();
}
bool Engine::strict_kex() const noexcept {
  return impl_->transport->strict_kex();
}
std::span<const std::string_view> Engine::login_algorithms() const noexcept {
  return impl_->transport->login_algorithms();
}
void Engine::disconnect(DisconnectReason reason, std::string_view text) {
  impl_->transport->disconnect(reason, text);
}
bool Engine::authenticated() const noexcept {
  return impl_->transport->authenticated();
}

void Engine::accept_auth() {
  if (!impl_->user_auth) return;
  impl_->user_auth->accept();
  impl_->admit();
}
void Engine::reject_auth() {
  if (impl_->user_auth) impl_->user_auth->reject();
}
void Engine::excuse_auth() {
  if (impl_->user_auth) impl_->user_auth->excuse();
}
void Engine::continue_auth(std::vector<std::string> methods) {
  if (impl_->user_auth) impl_->user_auth->accept_partly(std::move(methods));
}
bool Engine::prompt_auth(const PromptRound& round) {
  return impl_->user_auth && impl_->user_auth->prompt(round);
}
void Engine::choose_gssapi(Bytes mechanism) {
  if (impl_->user_auth) impl_->user_auth->choose_gssapi(mechanism);
}
void Engine::continue_gssapi(Bytes token, bool complete) {
  if (impl_->user_auth) impl_->user_auth->continue_gssapi(token, complete);
}
void Engine::reject_gssapi(const GssapiFailure& failure) {
  if (impl_->user_auth) impl_->user_auth->reject_gssapi(failure);
}
void Engine::show_banner(std::string_view text) {
  if (impl_->user_auth) impl_->user_auth->show_banner(text);
}
void Engine::accept_auth_query() {
  if (impl_->user_auth) impl_->user_auth->accept_query();
}

void Engine::request_none(std::string_view user) {
  if (impl_->user_auth) impl_->user_auth->request_none(user);
}
void Engine::request_password(std::string_view user, Bytes password) {
  if (impl_->user_auth) impl_->user_auth->request_password(user, password);
}
void Engine::request_keyboard_interactive(std::string_view user) {
  if (impl_->user_auth) impl_->user_auth->request_keyboard_interactive(user);
}
void Engine::answer_prompts(std::span<const SecretBytes> answers) {
  if (impl_->user_auth) impl_->user_auth->answer_prompts(answers);
}
void Engine::request_public_key(std::string_view user, Bytes key, std::string_view algorithm) {
  if (impl_->user_auth) impl_->user_auth->request_public_key(user, key, algorithm);
}
std::vector<std::byte> Engine::public_key_challenge(std::string_view user, Bytes key,
                                                    std::string_view algorithm) const {
  if (!impl_->user_auth) return {};
  return impl_->user_auth->public_key_challenge(user, key, algorithm);
}
void Engine::request_public_key_signed(std::string_view user, Bytes key, std::string_view algorithm,
                                       Bytes signature) {
  if (impl_->user_auth) impl_->user_auth->request_public_key_signed(user, key, algorithm, signature);
}

Result<ChannelId> Engine::open_channel(std::string_view type, Bytes extra) {
  if (!impl_->connection) return failure(Errc::unexpected_message, "not authenticated");
  return impl_->connection->open_channel(type, extra);
}
void Engine::confirm_open(ChannelId channel, Bytes extra) {
  if (impl_->connection) impl_->connection->confirm_open(channel, extra);
}
void Engine::refuse_open(ChannelId channel, OpenFailure reason, std::string_view text) {
  if (impl_->connection) impl_->connection->refuse_open(channel, reason, text);
}
std::size_t Engine::writable(ChannelId channel) const noexcept {
  return impl_->connection ? impl_->connection->writable(channel) : 0;
}
std::size_t Engine::send_data(ChannelId channel, DataType type, Bytes data) {
  return impl_->connection ? impl_->connection->send_data(channel, type, data) : 0;
}
MutableBytes Engine::prepare_data(ChannelId channel, DataType type, std::size_t max) {
  return impl_->connection ? impl_->connection->prepare_data(channel, type, max) : MutableBytes{};
}
void Engine::commit_data(std::size_t size) {
  if (impl_->connection) impl_->connection->commit_data(size);
}
void Engine::consumed(ChannelId channel, std::size_t bytes) {
  if (impl_->connection) impl_->connection->consumed(channel, bytes);
}
void Engine::send_eof(ChannelId channel) {
  if (impl_->connection) impl_->connection->send_eof(channel);
}
void Engine::close_channel(ChannelId channel) {
  if (impl_->connection) impl_->connection->close_channel(channel);
}
void Engine::send_request(ChannelId channel, std::string_view name, bool want_reply, Bytes payload) {
  if (impl_->connection) impl_->connection->send_request(channel, name, want_reply, payload);
}
void Engine::reply(ChannelId channel, std::uint32_t ticket, bool success) {
  if (impl_->connection) impl_->connection->reply(channel, ticket, success);
}
void Engine::send_global_request(std::string_view name, bool want_reply, Bytes payload) {
  if (impl_->connection) impl_->connection->send_global_request(name, want_reply, payload);
}
void Engine::reply_global(std::uint32_t ticket, bool success, Bytes payload) {
  if (impl_->connection) impl_->connection->reply_global(ticket, success, payload);
}

}  // namespace fairlead::ssh
