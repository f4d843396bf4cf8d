// SPDX-License-Identifier: Apache-2.0
// How the server decides whom to let in.
#include "ssh/server_login.hpp"

#include "base/secret.hpp"
#include "base/wire.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "ssh/host_key_update.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

namespace fairlead::ssh {
namespace {

// UA-17: how long a refusal takes says nothing about the account. As OpenSSH: a few milliseconds that depend
// on the name, doubled until longer than the decision took.
constexpr std::chrono::microseconds shortest_refusal{5000};
constexpr std::uint32_t refusal_spread = 4000;  // microseconds
constexpr std::chrono::seconds longest_refusal{5};

// The same for a name as long as the process lives, and nobody's else to compute.
std::chrono::microseconds place_in_spread(std::string_view user) {
  static const std::string secret = random_hex(16);
  const auto hash = hmac("SHA256", as_bytes(secret), as_bytes(user));
  return std::chrono::microseconds(load_u32(hash.data()) % refusal_spread);
}

constexpr std::string_view gssapi_method = "gssapi-with-mic";

std::string_view method_name(event::AuthAttempt::Method method) {
  switch (method) {
    case event::AuthAttempt::Method::none:
      return "none";
    case event::AuthAttempt::Method::password:
      return "password";
    case event::AuthAttempt::Method::publickey:
      return "publickey";
    case event::AuthAttempt::Method::keyboard_interactive:
      return "keyboard-interactive";
    case event::AuthAttempt::Method::gssapi:
      return gssapi_method;
  }
  return "";
}

std::vector<std::byte> copy(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

std::string_view verdict_name(Verdict verdict, bool query) {
  switch (verdict) {
    case Verdict::refused:
      return "refused";
    case Verdict::unavailable:
      return "unavailable";
    case Verdict::partial:
      return query ? "acceptable" : "partial";
    case Verdict::accepted:
      return query ? "acceptable" : "accepted";
  }
  return "";
}

bool is_right(Verdict verdict) {
  return verdict == Verdict::partial || verdict == Verdict::accepted;
}

// The password stands decrypted in our own receive buffer, which lives on.
SecretBytes take_password(Bytes password) {
  SecretBytes copy = to_secret(password);
  wipe({const_cast<std::byte*>(password.data()), password.size()});
  return copy;
}

}  // namespace

std::vector<std::string> offered_methods(const ServerConfig& config, std::vector<std::string> names) {
  if (!config.gssapi) std::erase(names, gssapi_method);
  return names;
}

ServerLogin::ServerLogin(ConnectionImpl& connection, std::shared_ptr<const ServerConfig> config,
                         const asio::ip::tcp::endpoint& client)
    : connection_(connection), config_(std::move(config)) {
  context_.remote_address = client.address().to_string();
  context_.remote_port = client.port();
}

Task<> ServerLogin::handle(EngineEvent& event) {
  if (auto* wanted = std::get_if<event::SignatureWanted>(&event)) return sign(*wanted);
  if (auto* attempt = std::get_if<event::AuthAttempt>(&event)) return decide(std::move(*attempt));
  if (auto* answers = std::get_if<event::AuthAnswers>(&event)) {
    dialogue_->answer(std::move(answers->answers));
    return conclude(converse());
  }
  if (const auto* token = std::get_if<event::GssapiToken>(&event))
    return conclude(take_token(copy(token->token)));
  if (auto* mic = std::get_if<event::GssapiMic>(&event))
    return conclude(take_mic(copy(mic->mic), std::move(mic->message)));
  if (auto* request = std::get_if<event::GlobalRequest>(&event)) return prove(*request);
  if (const auto* refused = std::get_if<event::AuthRefused>(&event)) {
    end_dialogue();
    know(refused->user);
    tell_refusal(refused->why, std::string(refused->method) + ": " + refused->reason);
  }
  if (const auto* keys = std::get_if<event::KeysReady>(&event)) tell_keys(*keys);
  return nothing_to_wait_for();
}

void ServerLogin::tell(std::string_view event, std::string_view detail) const {
  if (config_->on_event) config_->on_event(event, detail);
}

void ServerLogin::tell_keys(event::KeysReady keys) const {
  tell(keys.first ? "keys" : "rekeyed", connection_.engine().negotiated());
  // TH-1.
  if (keys.first && !connection_.engine().strict_kex())
    tell("kex_not_strict", "the client does not know strict key exchange");
}

Task<> ServerLogin::sign(event::SignatureWanted wanted) {
  std::string algorithm(wanted.algorithm);
  std::vector<std::byte> hash(wanted.exchange_hash.begin(), wanted.exchange_hash.end());
  auto signing = config_->host_keys->sign(wanted.host_key, std::move(algorithm), std::move(hash));
  const auto signature = co_await question_.run(std::move(signing));
  if (!connection_.is_open()) co_return;
  if (signature)
    connection_.engine().host_signature(*signature);
  else
    connection_.end({Errc::crypto_failed, "no host key signature"});
}

bool ServerLogin::answers(std::string_view request) const noexcept {
  return request == HostKeysProve::wire_name;
}

void ServerLogin::announce_host_keys() {
  if (!config_->host_keys) return;
  const HostKeys list = host_key_list(config_->host_keys->public_keys());
  connection_.engine().send_global_request(HostKeys::wire_name, false, list.encode());
}

Task<> ServerLogin::prove(event::GlobalRequest request) {
  Engine& engine = connection_.engine();
  std::optional<HostKeysProof> proofs;
  auto wanted = HostKeysProve::decode(request.payload);
  if (request.want_reply && wanted && proofs_++ < limits::host_key_updates) {
    const Bytes session = engine.session_id();
    ProofTask task;
    task.session_id.assign(session.begin(), session.end());
    task.wanted = std::move(*wanted);
    // What the key exchange has settled on, if it was RSA.
    const bool shorter = engine.negotiated().find("rsa-sha2-256") != std::string::npos;
    task.rsa_algorithm = shorter ? "rsa-sha2-256" : "rsa-sha2-512";
    auto proving = prove_host_keys(config_->host_keys, std::move(task));
    proofs = co_await question_.run(std::move(proving));
  }
  if (!connection_.is_open() || !request.want_reply) co_return;
  if (proofs)
    engine.reply_global(request.ticket, true, proofs->encode());
  else
    engine.reply_global(request.ticket, false);
}

void ServerLogin::interrupt() noexcept {
  question_.interrupt();
  if (dialogue_) dialogue_->cancel();
}

void ServerLogin::know(std::string_view user) {
  if (context_.session_id.empty()) {
    context_.client_identification = connection_.engine().peer_identification();
    context_.session_id = to_string(connection_.engine().session_id());
  }
  context_.user = user;
}

void ServerLogin::tell_refusal(LoginRefusal why, std::string_view detail) {
  tell("auth_refused", detail);
  if (config_->authenticator) config_->authenticator->refused(context_, why);
}

Task<> ServerLogin::decide(event::AuthAttempt attempt) {
  end_dialogue();
  know(attempt.user);
  attempt_ = {.method = method_name(attempt.method), .fingerprint = {}, .query = attempt.query};
  if (attempt.key) attempt_.fingerprint = attempt.key->fingerprint();
  if (attempt.certificate) attempt_.fingerprint = attempt.certificate->key().fingerprint();
  SecretBytes password = take_password(attempt.password);
  return conclude(ask(std::move(attempt), std::move(password)));
}

Task<> ServerLogin::conclude(Task<Outcome> asking) {
  const auto asked = Engine::Clock::now();
  Outcome verdict = Verdict::unavailable;
  try {
    verdict = co_await std::move(asking);
  } catch (const boost::system::system_error& failure) {
    if (failure.code() == asio::error::operation_aborted) throw;  // the login itself was cancelled
    tell("auth_unavailable", failure.what());
  } catch (const std::bad_alloc&) {
    throw;  // TH-7: who knows how far it came; this connection ends
  } catch (const std::exception& failure) {
    tell("auth_unavailable", failure.what());
  }
  if (!verdict) co_return;
  if (!is_right(*verdict) && attempt_.method != method_name(event::AuthAttempt::Method::none))
    co_await delay_refusal(context_.user, asked);
  if (connection_.is_open()) answer(*verdict);
}

Task<ServerLogin::Outcome> ServerLogin::ask(event::AuthAttempt attempt, SecretBytes password) {
  Authenticator* const authenticator = config_->authenticator.get();
  if (authenticator == nullptr) co_return Verdict::accepted;
  switch (attempt.method) {
    case event::AuthAttempt::Method::none:
      co_return co_await question_.run(authenticator->none(context_));
    case event::AuthAttempt::Method::password:
      co_return co_await question_.run(authenticator->password(context_, password));
    case event::AuthAttempt::Method::publickey:
      co_return co_await ask_about_key(std::move(attempt));
    case event::AuthAttempt::Method::keyboard_interactive:
      dialogue_.emplace(connection_.executor(), config_->authenticator, context_);
      co_return co_await converse();
    case event::AuthAttempt::Method::gssapi:
      co_return co_await choose_mechanism(std::move(attempt.mechanisms));
  }
  co_return Verdict::refused;
}

// UA-12: what a certificate says of itself holds whatever the application thinks of its CA (CVE-2026-46595).
Task<ServerLogin::Outcome> ServerLogin::ask_about_certificate(event::AuthAttempt attempt) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto grant = check_user_certificate(*attempt.certificate, now, context_.remote_address);
  const CertificateProof proof{.verified = !attempt.query, .use = attempt.use};
  const std::string obstacle = grant ? std::string(missing_proof(*grant, proof)) : to_string(grant.error());
  if (!obstacle.empty()) {
    tell_refusal(LoginRefusal::certificate, "publickey: " + obstacle);
    co_return Verdict::refused;
  }
  Authenticator& authenticator = *config_->authenticator;
  co_return co_await question_.run(authenticator.certificate(context_, *attempt.certificate, proof));
}

Task<ServerLogin::Outcome> ServerLogin::ask_about_key(event::AuthAttempt attempt) {
  Authenticator& authenticator = *config_->authenticator;
  if (attempt.certificate) co_return co_await ask_about_certificate(std::move(attempt));
  if (!attempt.key) co_return Verdict::refused;
  if (attempt.use)
    co_return co_await question_.run(authenticator.security_key(context_, *attempt.key, *attempt.use));
  co_return co_await question_.run(authenticator.public_key(context_, *attempt.key, !attempt.query));
}

Task<ServerLogin::Outcome> ServerLogin::converse() {
  const Dialogue::Step step = co_await question_.run(dialogue_->step());
  if (const auto* verdict = std::get_if<Verdict>(&step)) co_return *verdict;
  if (!connection_.is_open() || connection_.engine().prompt_auth(std::get<PromptRound>(step)))
    co_return std::nullopt;
  tell("auth_failed", "too many prompts");
  co_return Verdict::refused;
}

// The spans die with the first suspension, and there is none.
Task<ServerLogin::Outcome> ServerLogin::choose_mechanism(std::vector<Bytes> offered) {
  for (const Bytes mechanism : offered) {
    gssapi_ = config_->gssapi->begin(mechanism);
    if (!gssapi_) continue;
    connection_.engine().choose_gssapi(mechanism);
    co_return std::nullopt;
  }
  co_return Verdict::refused;
}

Task<ServerLogin::Outcome> ServerLogin::take_token(std::vector<std::byte> token) {
  GssapiStep step = co_await question_.run(gssapi_->accept(token));
  if (!connection_.is_open()) co_return std::nullopt;
  if (step.state != GssapiStep::State::failed) {
    connection_.engine().continue_gssapi(step.token, step.state == GssapiStep::State::complete);
    co_return std::nullopt;
  }
  gssapi_failure_ = {.token = std::move(step.token),
                     .major = step.major,
                     .minor = step.minor,
                     .message = std::move(step.message)};
  co_return Verdict::refused;
}

Task<ServerLogin::Outcome> ServerLogin::take_mic(std::vector<std::byte> mic, std::vector<std::byte> message) {
  const bool genuine = co_await question_.run(gssapi_->verify_mic(message, mic));
  if (!genuine) co_return Verdict::refused;
  const std::string principal = gssapi_->principal();
  co_return co_await question_.run(config_->authenticator->gssapi(context_, principal));
}

void ServerLogin::answer(Verdict verdict) {
  tell("auth", std::string(attempt_.method) + " " + std::string(verdict_name(verdict, attempt_.query)));
  if (!is_right(verdict))
    reject_with_explanation(verdict);
  else if (attempt_.query)
    // CVE-2024-45337: a query proves nothing, and nothing of it is remembered.
    connection_.engine().accept_auth_query();
  else
    answer_right(verdict);
  end_dialogue();
}

void ServerLogin::answer_right(Verdict verdict) {
  context_.succeeded.emplace_back(attempt_.method);
  if (verdict == Verdict::partial) {
    auto next = offered_methods(*config_, config_->authenticator->next_methods(context_));
    if (next.empty()) {
      context_.succeeded.pop_back();
      tell("auth_failed", "nothing can follow");
      return reject();
    }
    if (!attempt_.fingerprint.empty()) info_.key_fingerprint = std::move(attempt_.fingerprint);
    return connection_.engine().continue_auth(std::move(next));
  }
  if (!attempt_.fingerprint.empty()) info_.key_fingerprint = std::move(attempt_.fingerprint);
  for (const std::string& method : context_.succeeded)
    info_.method += (info_.method.empty() ? "" : "+") + method;
  info_.user = std::move(context_.user);
  context_ = {};
  connection_.engine().accept_auth();
  done_ = true;
}

void ServerLogin::reject() {
  connection_.engine().reject_gssapi(std::exchange(gssapi_failure_, {}));
}

void ServerLogin::reject_with_explanation(Verdict verdict) {
  if (config_->authenticator)
    if (const std::string text = config_->authenticator->explanation(context_); !text.empty())
      connection_.engine().show_banner(text);
  if (verdict == Verdict::unavailable)
    connection_.engine().excuse_auth();
  else
    reject();
}

void ServerLogin::end_dialogue() noexcept {
  dialogue_.reset();
  gssapi_.reset();
  gssapi_failure_ = {};
}

Task<> ServerLogin::delay_refusal(std::string_view user, Engine::Clock::time_point asked) {
  const auto took = Engine::Clock::now() - asked;
  Engine::Clock::duration wait = shortest_refusal + place_in_spread(user);
  while (wait < took) wait *= 2;
  wait = std::min<Engine::Clock::duration>(wait, longest_refusal);
  asio::steady_timer timer(connection_.executor(), asked + wait);
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace fairlead::ssh
