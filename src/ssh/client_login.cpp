// SPDX-License-Identifier: Apache-2.0
// The order of the client's attempts: keys, the password, prompts, then nothing at all.
#include "ssh/client_login.hpp"

#include "base/secret.hpp"
#include "ssh/host_key_learning.hpp"
#include "ssh/signing.hpp"

#include <fairlead/ssh/global_requests.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace fairlead::ssh {
namespace {

bool lists(std::string_view methods, std::string_view method) {
  if (methods.empty()) return true;
  for (;;) {
    const std::size_t comma = methods.find(',');
    if (methods.substr(0, comma) == method) return true;
    if (comma == std::string_view::npos) return false;
    methods.remove_prefix(comma + 1);
  }
}

// Host names do not depend on case (RFC 4343).
std::string lower_case(std::string name) {
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return name;
}

}  // namespace

std::vector<std::string_view> ClientLogin::Identity::algorithms() const {
  return certificate ? certificate->algorithms() : key.public_key().algorithms();
}

std::string_view ClientLogin::Identity::signature(std::string_view algorithm) const noexcept {
  return certificate ? plain_algorithm(algorithm) : algorithm;
}

ClientLogin::ClientLogin(ConnectionImpl& connection, std::shared_ptr<const ClientConfig> config)
    : connection_(connection), config_(std::move(config)) {
  for (const PrivateKey& key : config_->keys) {
    for (const Certificate& certificate : config_->certificates)
      if (certificate.key() == key.public_key()) identities_.push_back({key, certificate});
    identities_.push_back({key, std::nullopt});
  }
}

// As OpenSSH: a certificate of a CA that nobody trusts is only a key.
bool ClientLogin::trusts(const event::HostKeyOffered& offered) const {
  const RevocationList& revoked = config_->revoked_host_keys;
  if (offered.certificate ? revoked.revokes(*offered.certificate) : revoked.revokes(offered.key))
    return false;
  const auto& authorities = config_->host_authorities;
  if (offered.certificate &&
      std::ranges::find(authorities, offered.certificate->authority()) != authorities.end()) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    return !config_->host_name.empty() &&
           check_host_certificate(*offered.certificate, now, lower_case(config_->host_name)).has_value();
  }
  return config_->accept_host_key && config_->accept_host_key(offered.key);
}

Task<> ClientLogin::handle(EngineEvent& event) {
  if (const auto* offered = std::get_if<event::HostKeyOffered>(&event)) {
    // KX-20: before anything secret is sent.
    if (trusts(*offered))
      connection_.engine().accept_host_key();
    else
      connection_.end({Errc::host_key_rejected});
  } else if (const auto* keys = std::get_if<event::KeysReady>(&event)) {
    if (keys->first) return attempt({});
  } else if (const auto* failed = std::get_if<event::AuthFailed>(&event)) {
    return on_failed(std::string(failed->methods), failed->partial_success);
  } else if (auto* asked = std::get_if<event::AuthPrompts>(&event)) {
    answer(std::move(asked->round));
  } else if (const auto* banner = std::get_if<event::AuthBanner>(&event)) {
    if (config_->on_banner) config_->on_banner(banner->text);
  } else if (std::holds_alternative<event::AuthSucceeded>(event)) {
    done_ = true;
  } else if (const auto* announcement = std::get_if<event::GlobalRequest>(&event)) {
    learn_host_keys(*announcement);
  }
  return nothing_to_wait_for();
}

bool ClientLogin::answers(std::string_view request) const noexcept {
  return config_->on_host_keys && request == HostKeys::wire_name;
}

// Beside the reader, which has to bring the proofs. What the callback throws has nowhere to go.
void ClientLogin::learn_host_keys(const event::GlobalRequest& announcement) {
  if (announcement.want_reply) connection_.reply_global(announcement.ticket, true, {});
  if (++host_key_updates_ > limits::host_key_updates) return;
  std::vector<std::byte> announced(announcement.payload.begin(), announcement.payload.end());
  auto learning = ssh::learn_host_keys(connection_.shared_from_this(), config_, std::move(announced));
  asio::co_spawn(connection_.executor(), std::move(learning), [](const std::exception_ptr&) {});
}

// What was right is not shown again; what was wrong may have been only too early.
Task<> ClientLogin::on_failed(std::string methods, bool partial_success) {
  if (!partial_success) return attempt(std::move(methods));
  if (++successes_ > limits::auth_rounds) {
    connection_.end({Errc::authentication_failed, "the server is never satisfied"});
    return nothing_to_wait_for();
  }
  if (shown_ == Shown::key) spent_identity_ = next_identity_;
  next_identity_ = next_algorithm_ = 0;
  password_shown_ = shown_ == Shown::password;
  prompts_tried_ = false;
  return attempt(std::move(methods));
}

// RFC 8308 section 3.1: of an RSA key's signatures those that the server verifies. Each wrong one would count
// as a failure there. A list that has none of them may be incomplete (OpenSSH's was), as an absent one is:
// then all are tried.
std::vector<std::string_view> ClientLogin::algorithms_for(const Identity& identity) const {
  auto names = identity.algorithms();
  const auto listed = connection_.engine().login_algorithms();
  const auto unlisted = [&](std::string_view name) {
    return std::ranges::find(listed, identity.signature(name)) == listed.end();
  };
  if (!std::ranges::all_of(names, unlisted)) std::erase_if(names, unlisted);
  return names;
}

Task<> ClientLogin::attempt(std::string methods) {
  methods_ = methods;
  while (next_identity_ < identities_.size() && lists(methods, "publickey")) {
    const Identity& identity = identities_[next_identity_];
    const auto algorithms = algorithms_for(identity);
    if (next_algorithm_ >= algorithms.size() || next_identity_ == spent_identity_) {
      ++next_identity_;
      next_algorithm_ = 0;
      continue;
    }
    asked_ = true;
    shown_ = Shown::key;
    std::string algorithm(algorithms[next_algorithm_++]);
    co_await show_key(identity, std::move(algorithm));
    co_return;
  }
  Engine& engine = connection_.engine();
  if (config_->password && !password_shown_ && lists(methods, "password")) {
    asked_ = password_shown_ = true;
    shown_ = Shown::password;
    engine.request_password(config_->user, as_bytes(*config_->password));
  } else if (config_->answer_prompts && !prompts_tried_ && lists(methods, "keyboard-interactive")) {
    asked_ = prompts_tried_ = true;
    shown_ = Shown::prompts;
    engine.request_keyboard_interactive(config_->user);
  } else if (!std::exchange(asked_, true)) {
    engine.request_none(config_->user);
  } else {
    connection_.end({Errc::authentication_failed});
  }
}

void ClientLogin::answer(PromptRound round) {
  auto self = connection_.shared_from_this();
  auto ended = [self](const std::exception_ptr& failure) {
    if (failure) self->end({Errc::io_failed, "internal error"});
  };
  asio::co_spawn(connection_.executor(), ask_and_answer(self, std::move(round)), std::move(ended));
}

Task<> ClientLogin::ask_and_answer(std::shared_ptr<ConnectionImpl> self, PromptRound round) {
  const std::size_t wanted = round.prompts.size();
  auto asking = config_->answer_prompts(std::move(round));
  std::vector<std::string> texts = co_await question_.run(std::move(asking));
  std::vector<SecretBytes> answers;
  for (std::string& text : texts) {
    answers.push_back(to_secret(text));
    wipe({reinterpret_cast<std::byte*>(text.data()), text.size()});
  }
  if (!self->is_open()) co_return;
  if (answers.size() == wanted)
    self->engine().answer_prompts(answers);
  else
    co_await attempt(methods_);
  self->flush_soon();
}

Task<> ClientLogin::show_key(const Identity& identity, std::string algorithm) {
  const Bytes shown = identity.certificate ? identity.certificate->blob() : identity.key.public_key().blob();
  auto challenge = connection_.engine().public_key_challenge(config_->user, shown, algorithm);
  std::string signing(identity.signature(algorithm));
  const auto signature = co_await sign_aside(identity.key, std::move(signing), std::move(challenge));
  if (!connection_.is_open()) co_return;
  if (!signature) {
    connection_.end({Errc::crypto_failed, "signing failed"});
    co_return;
  }
  connection_.engine().request_public_key_signed(config_->user, shown, algorithm, *signature);
}

}  // namespace fairlead::ssh
