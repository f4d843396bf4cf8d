// SPDX-License-Identifier: Apache-2.0
// How the server decides whom to let in.
#include "ssh/server_login.hpp"

#include "base/secret.hpp"
#include "ssh/host_key_update.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

namespace fairlead::ssh {
namespace {

// UA-17: how long a refusal takes says nothing about the account. As OpenSSH: a few milliseconds that depend
// on the name, doubled until longer than the decision took.
constexpr std::chrono::microseconds shortest_refusal{5000};
constexpr std::size_t refusal_spread = 4000;  // microseconds
constexpr std::chrono::seconds longest_refusal{5};

std::string_view method_name(event::AuthAttempt::Method method) {
  switch (method) {
    case event::AuthAttempt::Method::none:
      return "none";
    case event::AuthAttempt::Method::password:
      return "password";
    case event::AuthAttempt::Method::publickey:
      return "publickey";
  }
  return "";
}

std::string_view verdict_name(Verdict verdict, bool query) {
  switch (verdict) {
    case Verdict::refused:
      return "refused";
    case Verdict::partial:
      return query ? "acceptable" : "partial";
    case Verdict::accepted:
      return query ? "acceptable" : "accepted";
  }
  return "";
}

// The password stands decrypted in our own receive buffer, which lives on.
SecretBytes take_password(Bytes password) {
  SecretBytes copy = to_secret(password);
  wipe({const_cast<std::byte*>(password.data()), password.size()});
  return copy;
}

}  // namespace

ServerLogin::ServerLogin(ConnectionImpl& connection, std::shared_ptr<const ServerConfig> config,
                         const asio::ip::tcp::endpoint& client)
    : connection_(connection), config_(std::move(config)) {
  context_.remote_address = client.address().to_string();
  context_.remote_port = client.port();
}

Task<> ServerLogin::handle(EngineEvent& event) {
  if (auto* wanted = std::get_if<event::SignatureWanted>(&event)) return sign(*wanted);
  if (auto* attempt = std::get_if<event::AuthAttempt>(&event)) return decide(std::move(*attempt));
  if (auto* request = std::get_if<event::GlobalRequest>(&event)) return prove(*request);
  if (const auto* refused = std::get_if<event::AuthRefused>(&event))
    tell("auth_refused", std::string(refused->method) + ": " + refused->reason);
  if (const auto* keys = std::get_if<event::KeysReady>(&event))
    tell(keys->first ? "keys" : "rekeyed", connection_.engine().negotiated());
  return nothing_to_wait_for();
}

void ServerLogin::tell(std::string_view event, std::string_view detail) const {
  if (config_->on_event) config_->on_event(event, detail);
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

Task<> ServerLogin::decide(event::AuthAttempt attempt) {
  const auto asked = Engine::Clock::now();
  if (context_.session_id.empty()) {
    context_.client_identification = connection_.engine().peer_identification();
    context_.session_id = to_string(connection_.engine().session_id());
  }
  context_.user = attempt.user;
  SecretBytes password = take_password(attempt.password);

  Verdict verdict = Verdict::refused;
  try {
    verdict = co_await ask(attempt, std::move(password));
  } catch (const boost::system::system_error& failure) {
    if (failure.code() == asio::error::operation_aborted) throw;  // the login itself was cancelled
    tell("auth_failed", failure.what());
  } catch (const std::exception& failure) {
    tell("auth_failed", failure.what());
  }
  if (verdict == Verdict::refused && attempt.method != event::AuthAttempt::Method::none)
    co_await delay_refusal(context_.user, asked);
  if (connection_.is_open()) answer(attempt, verdict);
}

Task<Verdict> ServerLogin::ask(const event::AuthAttempt& attempt, SecretBytes password) {
  if (attempt.certificate) co_return co_await ask_about_certificate(attempt);
  Authenticator* const authenticator = config_->authenticator.get();
  if (authenticator == nullptr) co_return Verdict::accepted;
  switch (attempt.method) {
    case event::AuthAttempt::Method::none:
      co_return co_await question_.run(authenticator->none(context_));
    case event::AuthAttempt::Method::password:
      co_return co_await question_.run(authenticator->password(context_, password));
    case event::AuthAttempt::Method::publickey:
      if (!attempt.key) break;
      if (attempt.use)
        co_return co_await question_.run(authenticator->security_key(context_, *attempt.key, *attempt.use));
      co_return co_await question_.run(authenticator->public_key(context_, *attempt.key, !attempt.query));
  }
  co_return Verdict::refused;
}

// UA-12: what a certificate says of itself holds whatever the application thinks of its CA (CVE-2026-46595).
Task<Verdict> ServerLogin::ask_about_certificate(const event::AuthAttempt& attempt) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto grant = check_user_certificate(*attempt.certificate, now, context_.remote_address);
  const CertificateProof proof{.verified = !attempt.query, .use = attempt.use};
  const std::string obstacle = grant ? std::string(missing_proof(*grant, proof)) : to_string(grant.error());
  if (!obstacle.empty()) {
    tell("auth_refused", "publickey: " + obstacle);
    co_return Verdict::refused;
  }
  Authenticator* const authenticator = config_->authenticator.get();
  if (authenticator == nullptr) co_return Verdict::accepted;
  co_return co_await question_.run(authenticator->certificate(context_, *attempt.certificate, proof));
}

void ServerLogin::answer(const event::AuthAttempt& attempt, Verdict verdict) {
  const std::string_view method = method_name(attempt.method);
  tell("auth", std::string(method) + " " + std::string(verdict_name(verdict, attempt.query)));
  Engine& engine = connection_.engine();
  if (verdict == Verdict::refused) return engine.reject_auth();
  // CVE-2024-45337: a query proves nothing, and nothing of it is remembered.
  if (attempt.query) return engine.accept_auth_query();
  if (verdict == Verdict::partial) return engine.reject_auth(true);
  info_.user = std::move(context_.user);
  info_.method = method;
  if (attempt.key) info_.key_fingerprint = attempt.key->fingerprint();
  if (attempt.certificate) info_.key_fingerprint = attempt.certificate->key().fingerprint();
  context_ = {};
  done_ = true;
  engine.accept_auth();
}

Task<> ServerLogin::delay_refusal(std::string_view user, Engine::Clock::time_point asked) {
  const std::hash<std::string_view> hash;
  const auto took = Engine::Clock::now() - asked;
  Engine::Clock::duration wait = shortest_refusal + std::chrono::microseconds(hash(user) % refusal_spread);
  while (wait < took) wait *= 2;
  wait = std::min<Engine::Clock::duration>(wait, longest_refusal);
  asio::steady_timer timer(connection_.executor(), asked + wait);
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace fairlead::ssh
