// SPDX-License-Identifier: Apache-2.0
// Requests of RFC 4252 decoded, bounded, verified and answered.
#include "protocol/user_auth_server.hpp"

#include "base/utf8.hpp"
#include "base/wire.hpp"
#include "protocol/message_numbers.hpp"
#include "protocol/shown_key.hpp"

#include <fairlead/ssh/limits.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace fairlead::ssh {

namespace {

constexpr std::string_view none_method = "none";
constexpr std::string_view password_method = "password";
constexpr std::string_view public_key_method = "publickey";
// OpenSSH PROTOCOL 3.1: publickey with the server's host key under the signature.
constexpr std::string_view host_bound_method = "publickey-hostbound-v00@openssh.com";
constexpr std::string_view keyboard_interactive_method = "keyboard-interactive";
constexpr std::string_view gssapi_method = "gssapi-with-mic";
constexpr std::string_view connection_service = "ssh-connection";

// RFC 4252 section 5.4 wants CR LF, and warns of control characters; what is not UTF-8 may be one, too.
std::string printable_lines(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    const auto character = decode_utf8(text);
    const std::string_view bytes = text.substr(0, character.size);
    text.remove_prefix(std::max<std::size_t>(character.size, 1));
    if (bytes == "\n")
      lines += "\r\n";
    else if (bytes == "\t" || is_clean_utf8(bytes))
      lines += bytes;
  }
  return lines;
}

class Wiping {
 public:
  explicit Wiping(MutableBytes memory) : memory_(memory) {}
  Wiping(const Wiping&) = delete;
  Wiping& operator=(const Wiping&) = delete;
  ~Wiping() { wipe(memory_); }

 private:
  MutableBytes memory_;
};

ByteBuffer banner_message(std::string_view text) {
  ByteBuffer message;
  WireWriter(message).byte(msg::userauth_banner).string(printable_lines(text)).string("");
  return message;
}

std::string joined_methods(const std::vector<std::string>& methods) {
  std::string names;
  for (const auto& method : methods) {
    if (method == none_method) continue;  // RFC 4252 section 5.2: never listed
    if (!names.empty()) names += ',';
    names += method;
  }
  return names;
}

// A name that outlives the message. What we do not know is hostile text of any length, and of no interest.
std::string_view known_method(std::string_view name) noexcept {
  for (const std::string_view known :
       {none_method, password_method, public_key_method, keyboard_interactive_method, gssapi_method})
    if (name == known) return known;
  return name == host_bound_method ? public_key_method : std::string_view("unknown");
}

}  // namespace

Result<std::optional<EngineEvent>> UserAuthServer::on_message(MutableBytes payload) {
  if (std::to_integer<std::uint8_t>(payload[0]) != msg::userauth_request) return on_dialogue(payload);
  if (auto ended = abandon_dialogue(); !ended) return std::unexpected(ended.error());
  Request request{.fields = WireReader(Bytes(payload).subspan(1)), .user = {}, .service = {}, .method = {}};
  request.user = request.fields.text();
  request.service = request.fields.text();
  const std::string_view method = request.fields.text();
  // UA-7: whatever becomes of the request, no password stays in the buffer that it came in.
  const Wiping wiping(method == password_method ? payload.subspan(1) : MutableBytes{});
  if (!request.fields.ok()) return failure(Errc::bad_message, "USERAUTH_REQUEST");
  if (++requests_ > limits::auth_requests) return failure(Errc::too_many_auth_attempts);
  request.method = known_method(method);
  request.host_bound = method == host_bound_method;
  request.free = requests_ == 1 && request.method == none_method;

  const auto identity = check_identity(request);
  if (!identity) return std::unexpected(identity.error());
  if (request.method == password_method) return on_password(request);
  if (!offers(request.method)) return refuse(request, LoginRefusal::method, "method not offered");
  if (request.method == keyboard_interactive_method) return on_keyboard_interactive(request);
  if (request.method == gssapi_method) return on_gssapi(request);
  return request.method == none_method ? on_none(request) : on_public_key(request, payload);
}

// UA-8.
bool UserAuthServer::user_is_acceptable() const noexcept {
  return !user_.empty() && user_.size() <= limits::user_name && is_clean_utf8(user_);
}

// UA-2: the permissions of one user must never be given to another.
Result<> UserAuthServer::check_identity(const Request& request) {
  if (request.service != connection_service)
    return failure(Errc::service_not_available, "in USERAUTH_REQUEST");
  // One byte over the limit is enough to tell that it is over.
  const std::string_view user = request.user.substr(0, limits::user_name + 1);
  if (requests_ == 1) user_ = user;
  if (user != user_) return failure(Errc::unexpected_message, "another user");
  return {};
}

bool UserAuthServer::offers(std::string_view method) const noexcept {
  return std::ranges::find(methods_, method) != methods_.end();
}

UserAuthServer::Told UserAuthServer::on_none(const Request& request) {
  if (!request.fields.done()) return failure(Errc::bad_message, "none request");
  if (!user_is_acceptable()) return refuse(request, LoginRefusal::method, "bad user name");
  event::AuthAttempt attempt;
  attempt.method = event::AuthAttempt::Method::none;
  pending_is_free_ = request.free;
  return ask(Pending::attempt, std::move(attempt));
}

UserAuthServer::Told UserAuthServer::on_password(Request& request) {
  const bool change = request.fields.boolean();
  const Bytes password = request.fields.string();
  const bool whole = change ? request.fields.ok() : request.fields.done();
  const bool has_nul = std::ranges::find(password, std::byte{0}) != password.end();
  const char* reason = nullptr;
  if (!offers(password_method))
    reason = "method not offered";
  else if (change)
    reason = "password change not supported";
  else if (password.size() > limits::password)
    reason = "password too long";
  else if (has_nul)
    reason = "NUL in the password";
  else if (!user_is_acceptable())
    reason = "bad user name";
  // UA-7: the one copy is ours, and dies with the answer.
  if (whole && reason == nullptr) password_ = to_secret(password);
  if (!whole) return failure(Errc::bad_message, "password request");
  if (reason != nullptr)
    return refuse(request, change || !offers(password_method) ? LoginRefusal::method : LoginRefusal::password,
                  reason);
  event::AuthAttempt attempt;
  attempt.method = event::AuthAttempt::Method::password;
  attempt.password = password_;
  return ask(Pending::attempt, std::move(attempt));
}

UserAuthServer::Told UserAuthServer::on_public_key(Request& request, Bytes payload) {
  const std::uint8_t is_signed = request.fields.byte();
  const std::string_view algorithm = request.fields.text();
  const Bytes blob = request.fields.string();
  const Bytes host_key = request.host_bound ? request.fields.string() : Bytes{};
  const Bytes signature = is_signed != 0 ? request.fields.string() : Bytes{};
  if (!request.fields.done() || is_signed > 1) return failure(Errc::bad_message, "publickey request");
  // UA-14: a signature that was made for another server's host key.
  if (request.host_bound && !equal(host_key, transport_.host_key_blob()))
    return failure(Errc::bad_message, "bound to another host key");

  if (!user_is_acceptable()) return refuse(request, LoginRefusal::key, "bad user name");
  const auto shown = ShownKey::from_blob(blob);
  if (!shown) return refuse(request, LoginRefusal::key, "key malformed or not supported");
  // UA-10: neither ssh-rsa (SHA-1) nor an algorithm of another key's type.
  const std::string_view signing = shown->signature_algorithm(algorithm);
  if (signing.empty()) return refuse(request, LoginRefusal::key, "signature algorithm not allowed");
  event::AuthAttempt attempt;
  if (is_signed != 0) {
    // RFC 4252 section 7: the session identifier, then the request itself up to the signature.
    ByteBuffer data;
    WireWriter(data)
        .string(transport_.session_id())
        .raw(payload.first(payload.size() - 4 - signature.size()));
    const auto verified = shown->key().verify_use(signing, data.readable(), signature);
    if (!verified) return refuse(request, LoginRefusal::signature, "signature does not verify");
    attempt.use = *verified;
  }
  algorithm_ = algorithm;
  key_blob_.assign(blob.begin(), blob.end());
  attempt.method = event::AuthAttempt::Method::publickey;
  attempt.certificate = shown->certificate();
  if (!attempt.certificate) attempt.key = shown->key();
  attempt.algorithm = algorithm_;
  attempt.query = is_signed == 0;
  return ask(attempt.query ? Pending::query : Pending::attempt, std::move(attempt));
}

EngineEvent UserAuthServer::ask(Pending kind, event::AuthAttempt attempt) {
  await_answer(kind);
  attempt.user = user_;
  return attempt;
}

void UserAuthServer::await_answer(Pending kind) noexcept {
  pending_ = kind;
  transport_.pause();
}

EngineEvent UserAuthServer::refuse(const Request& request, LoginRefusal why, const char* reason) {
  end_dialogue();
  answer_failure(request.free);
  return refusal(request.method, why, reason);
}

EngineEvent UserAuthServer::refusal(std::string_view method, LoginRefusal why, const char* reason) const {
  return event::AuthRefused{.user = user_, .method = method, .why = why, .reason = reason};
}

UserAuthServer::Pending UserAuthServer::take_pending() noexcept {
  if (pending_ != Pending::nothing) transport_.resume();
  password_ = {};
  return std::exchange(pending_, Pending::nothing);
}

void UserAuthServer::accept() {
  if (pending_ == Pending::exchange) return reject();
  if (pending_ != Pending::attempt) return accept_query();
  std::ignore = take_pending();
  end_dialogue();
  const std::byte success{msg::userauth_success};
  answer({&success, 1});
  transport_.set_authenticated();
}

void UserAuthServer::reject() {
  if (pending_ == Pending::nothing) return;
  std::ignore = take_pending();
  end_dialogue();
  answer_failure(std::exchange(pending_is_free_, false));
}

// UA-19.
void UserAuthServer::excuse() {
  if (pending_ == Pending::nothing) return;
  if (++outages_ <= limits::auth_outages) pending_is_free_ = true;
  reject();
}

// UA-3: told only after something was right, and of a query nothing is.
void UserAuthServer::accept_partly(std::vector<std::string> next_methods) {
  if (pending_ == Pending::exchange) return reject();
  if (pending_ != Pending::attempt) return accept_query();
  std::ignore = take_pending();
  end_dialogue();
  methods_ = std::move(next_methods);
  send_failure(true);
}

void UserAuthServer::accept_query() {
  if (pending_ != Pending::query) return;
  std::ignore = take_pending();
  ByteBuffer payload;
  WireWriter(payload).byte(msg::userauth_pk_ok).string(algorithm_).string(key_blob_);
  answer(payload.readable());
}

bool UserAuthServer::count_failure() {
  if (++failures_ < config_.auth_failures) return true;
  // OpenSSH's words, which people search for.
  std::ignore = transport_.fail({Errc::too_many_auth_attempts}, "Too many authentication failures");
  return false;
}

void UserAuthServer::answer_failure(bool free) {
  if (free || count_failure()) send_failure(false);
}

void UserAuthServer::send_failure(bool partial_success) {
  ByteBuffer payload;
  WireWriter(payload).byte(msg::userauth_failure).string(joined_methods(methods_)).boolean(partial_success);
  answer(payload.readable());
}

void UserAuthServer::answer(Bytes payload) {
  const bool first = !std::exchange(banner_sent_, true);
  if (first && !config_.banner.empty()) answer(banner_message(config_.banner).readable());
  transport_.send(payload);
}

void UserAuthServer::show_banner(std::string_view text) {
  if (pending_ != Pending::nothing) answer(banner_message(text).readable());
}

}  // namespace fairlead::ssh
