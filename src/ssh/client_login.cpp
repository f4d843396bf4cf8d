// SPDX-License-Identifier: Apache-2.0
// The order of the client's attempts: keys, the password, prompts, then nothing at all.
#include "ssh/client_login.hpp"

#include "base/secret.hpp"
#include "ssh/signing.hpp"

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

}  // namespace

Task<> ClientLogin::handle(EngineEvent& event) {
  if (const auto* offered = std::get_if<event::HostKeyOffered>(&event)) {
    // KX-20: before anything secret is sent.
    if (config_->accept_host_key && config_->accept_host_key(offered->key))
      connection_.engine().accept_host_key();
    else
      connection_.end({Errc::host_key_rejected});
  } else if (const auto* keys = std::get_if<event::KeysReady>(&event)) {
    if (keys->first) return attempt({});
  } else if (const auto* failed = std::get_if<event::AuthFailed>(&event)) {
    return on_failed(std::string(failed->methods), failed->partial_success);
  } else if (auto* asked = std::get_if<event::AuthPrompts>(&event)) {
    return answer(std::move(asked->round));
  } else if (std::holds_alternative<event::AuthSucceeded>(event)) {
    done_ = true;
  }
  return nothing_to_wait_for();
}

// What was right is not shown again; what was wrong may have been only too early.
Task<> ClientLogin::on_failed(std::string methods, bool partial_success) {
  if (!partial_success) return attempt(std::move(methods));
  if (++successes_ > limits::auth_rounds) {
    connection_.end({Errc::authentication_failed, "the server is never satisfied"});
    return nothing_to_wait_for();
  }
  if (shown_ == Shown::key) spent_key_ = next_key_;
  next_key_ = next_algorithm_ = 0;
  password_shown_ = shown_ == Shown::password;
  prompts_tried_ = false;
  return attempt(std::move(methods));
}

Task<> ClientLogin::attempt(std::string methods) {
  methods_ = methods;
  while (next_key_ < config_->keys.size() && lists(methods, "publickey")) {
    const PrivateKey& key = config_->keys[next_key_];
    const auto algorithms = key.public_key().algorithms();
    if (next_algorithm_ == algorithms.size() || next_key_ == spent_key_) {
      ++next_key_;
      next_algorithm_ = 0;
      continue;
    }
    asked_ = true;
    shown_ = Shown::key;
    std::string algorithm(algorithms[next_algorithm_++]);
    co_await show_key(key, std::move(algorithm));
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

Task<> ClientLogin::answer(PromptRound round) {
  const std::size_t wanted = round.prompts.size();
  auto asking = config_->answer_prompts(std::move(round));
  std::vector<std::string> texts = co_await question_.run(std::move(asking));
  std::vector<SecretBytes> answers;
  for (std::string& text : texts) {
    answers.push_back(to_secret(text));
    wipe({reinterpret_cast<std::byte*>(text.data()), text.size()});
  }
  if (!connection_.is_open()) co_return;
  if (answers.size() == wanted)
    connection_.engine().answer_prompts(answers);
  else
    co_await attempt(methods_);
}

Task<> ClientLogin::show_key(const PrivateKey& key, std::string algorithm) {
  auto challenge = connection_.engine().public_key_challenge(config_->user, key.public_key(), algorithm);
  const auto signature = co_await sign_aside(key, algorithm, std::move(challenge));
  if (!connection_.is_open()) co_return;
  if (!signature) {
    connection_.end({Errc::crypto_failed, "signing failed"});
    co_return;
  }
  connection_.engine().request_public_key_signed(config_->user, key.public_key(), algorithm, *signature);
}

}  // namespace fairlead::ssh
