// SPDX-License-Identifier: Apache-2.0
// Answers requests from what this process holds.
#include "keeper/local_keeper.hpp"

#include "keeper/login_ledger.hpp"
#include "keeper/webhook_verdicts.hpp"

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

namespace fairlead::keeper {
namespace {

using config::Factor;

// Half of the machine: a flood of passwords must leave room for the sessions that run.
unsigned checker_threads() {
  return std::max(1U, std::thread::hardware_concurrency() / 2);
}

ssh::AuthContext context_of(const Client& client) {
  ssh::AuthContext context;
  context.user = client.user;
  context.remote_address = client.remote_address;
  context.remote_port = client.remote_port;
  context.client_identification = client.identification;
  return context;
}

Answer refusal_of(const auth::Decision& decision) {
  Answer answer = refuse(decision.reason);
  answer.verdict = decision.verdict;
  return answer;
}

// What a client can do to show one of these.
std::vector<std::string> method_names(const std::vector<Factor>& factors, const config::Auth& auth) {
  const auto wanted = [&](Factor factor) {
    return std::ranges::find(factors, factor) != factors.end() && is_offered(factor, auth);
  };
  std::vector<std::string> names;
  if (wanted(Factor::public_key)) names.emplace_back("publickey");
  if (wanted(Factor::password) && auth.password_method == "local") names.emplace_back("password");
  const bool keyboard = auth.keyboard_interactive_method == "local";
  if (keyboard && (wanted(Factor::password) || wanted(Factor::totp)))
    names.emplace_back("keyboard-interactive");
  return names;
}

// What a dialogue asks for next, if anything.
std::optional<Factor> askable(const std::vector<Factor>& factors) {
  const auto found =
      std::ranges::find_if(factors, [](Factor factor) { return factor != Factor::public_key; });
  return found != factors.end() ? std::optional(*found) : std::nullopt;
}

ssh::PromptRound prompts_for(Factor factor) {
  std::vector<ssh::Prompt> prompts;
  prompts.emplace_back(factor == Factor::totp ? "Verification code: " : "Password: ");
  return ssh::PromptRound(std::move(prompts));
}

}  // namespace

struct LocalKeeper::Impl {
  Impl(std::vector<ssh::PrivateKey> keys, config::Auth auth, Providers providers, observe::Log log)
      : host_keys(ssh::local_host_keys(std::move(keys))),
        checker(checker_threads()),
        local(std::move(providers.users), checker),
        remote(std::move(log)),
        methods(std::move(auth)),
        webhooks(std::move(providers.webhooks)) {}

  std::shared_ptr<ssh::HostKeySigner> host_keys;
  auth::PasswordChecker checker;
  auth::LocalAuthenticator local;
  WebhookVerdicts remote;
  LoginLedger logins;
  mutable std::mutex mutex;
  config::Auth methods;
  WebhookVerdicts::Webhooks webhooks;
  std::vector<ssh::Certificate> host_certificates;

  // About a key alone, or in a certificate.
  [[nodiscard]] auth::Decision decide(const PublicKeyRequest& request) const;

  [[nodiscard]] config::Auth current() const {
    const std::lock_guard lock(mutex);
    return methods;
  }
  [[nodiscard]] WebhookVerdicts::Webhooks current_webhooks() const {
    const std::lock_guard lock(mutex);
    return webhooks;
  }
  [[nodiscard]] std::vector<config::MethodChain> chains_of(const std::string& user) const {
    const auto users = local.users();
    return users ? users->methods_for(user) : std::vector<config::MethodChain>();
  }
  // Whether it was right, and where that leads. Every factor of every method passes here.
  [[nodiscard]] Answer count(const Client& client, Factor factor, const auth::Decision& decision,
                             auth::MethodProgress& progress) const;
  // count(), and what came of it is kept.
  [[nodiscard]] Answer settle(const Client& client, Factor factor, const auth::Decision& decision);
  // What the users file has accepted passes the authorization webhook, too.
  [[nodiscard]] ssh::Task<Answer> authorize(Client client, Answer answer) const;
  [[nodiscard]] bool wants(const Client& client, Factor factor) const;
  [[nodiscard]] Factor dialogue_factor(const Client& client) const;
  [[nodiscard]] ssh::Task<auth::Decision> check_answer(const Client& client, Factor factor,
                                                       ssh::SecretBytes answer);
};

LocalKeeper::LocalKeeper(std::vector<ssh::PrivateKey> host_keys, const config::Auth& auth,
                         Providers providers, observe::Log log)
    : impl_(std::make_unique<Impl>(std::move(host_keys), auth, std::move(providers), std::move(log))) {}
LocalKeeper::~LocalKeeper() = default;

void LocalKeeper::reload(const config::Auth& auth, Providers providers) {
  impl_->local.replace_users(std::move(providers.users));
  const std::lock_guard lock(impl_->mutex);
  impl_->methods = auth;
  impl_->webhooks.swap(providers.webhooks);
}

void LocalKeeper::replace_host_certificates(std::vector<ssh::Certificate> certificates) {
  const std::lock_guard lock(impl_->mutex);
  impl_->host_certificates.swap(certificates);
}

std::string LocalKeeper::keep_used_codes(std::string file) {
  return impl_->local.keep_used_codes(std::move(file));
}

std::shared_ptr<const auth::Users> LocalKeeper::users() const {
  return impl_->local.users();
}

std::vector<ssh::PublicKey> LocalKeeper::host_keys() const {
  return impl_->host_keys->public_keys();
}

std::vector<ssh::Certificate> LocalKeeper::host_certificates() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->host_certificates;
}

std::vector<std::string> LocalKeeper::auth_methods() const {
  const config::Auth auth = impl_->current();
  std::vector<std::string> names;
  if (const auto users = impl_->local.users()) {
    const auto first = users->first_factors();
    names = method_names({first.begin(), first.end()}, auth);
  }
  if (auth.public_key_method == "webhook") names.emplace_back("publickey");
  if (auth.password_method == "webhook") names.emplace_back("password");
  return names;
}

ssh::Task<ssh::Result<std::vector<std::byte>>> LocalKeeper::sign(SignatureRequest request) {
  if (request.host_key >= impl_->host_keys->public_keys().size())
    co_return ssh::failure(ssh::Errc::bad_key, "no such host key");
  co_return co_await impl_->host_keys->sign(request.host_key, std::move(request.algorithm),
                                            std::move(request.data));
}

Answer LocalKeeper::Impl::count(const Client& client, Factor factor, const auth::Decision& decision,
                                auth::MethodProgress& progress) const {
  if (decision.verdict != ssh::Verdict::accepted) return refusal_of(decision);
  const auto chains = chains_of(client.user);
  const auto outcome = progress.pass(chains, factor, decision.permissions);
  if (!outcome) return refuse(outcome.error());
  Answer answer;
  if (*outcome == auth::MethodProgress::Outcome::complete) {
    answer.verdict = ssh::Verdict::accepted;
    answer.permissions = progress.permissions();
    return answer;
  }
  answer.next_methods = method_names(progress.next(chains), current());
  if (answer.next_methods.empty()) return refuse("the next factor is not offered");
  answer.verdict = ssh::Verdict::partial;
  return answer;
}

auth::Decision LocalKeeper::Impl::decide(const PublicKeyRequest& request) const {
  const ssh::AuthContext context = context_of(request.client);
  // Without it a token has not signed, whoever says so.
  const auto signs = [&](const ssh::PublicKey& key) {
    return !request.verified || !key.is_security_key() || request.use.has_value();
  };
  if (const auto key = ssh::PublicKey::from_blob(request.key))
    return signs(*key) ? local.public_key(context, *key, request.use) : auth::refused("nothing was signed");
  const auto certificate = ssh::Certificate::from_blob(request.key);
  if (!certificate) return auth::refused("malformed key");
  if (!signs(certificate->key())) return auth::refused("nothing was signed");
  return local.certificate(context, *certificate, {.verified = request.verified, .use = request.use});
}

Answer LocalKeeper::Impl::settle(const Client& client, Factor factor, const auth::Decision& decision) {
  logins.end_dialogue(client.connection_id);
  auto progress = logins.progress(client.connection_id, client.user);
  Answer answer = count(client, factor, decision, progress);
  if (answer.verdict == ssh::Verdict::partial)
    logins.keep(client.connection_id, client.user, std::move(progress));
  return answer;
}

ssh::Task<Answer> LocalKeeper::Impl::authorize(Client client, Answer answer) const {
  if (answer.verdict != ssh::Verdict::accepted) co_return answer;
  answer.metadata.authenticated_username = client.user;
  co_return co_await remote.authorize(current_webhooks(), std::move(client), std::move(answer));
}

bool LocalKeeper::Impl::wants(const Client& client, Factor factor) const {
  const auto factors = logins.progress(client.connection_id, client.user).next(chains_of(client.user));
  return std::ranges::find(factors, factor) != factors.end();
}

// UA-17: who has no such chain, or does not exist, is asked for a password.
Factor LocalKeeper::Impl::dialogue_factor(const Client& client) const {
  const auto progress = logins.dialogue(client.connection_id, client.user);
  return askable(progress.next(chains_of(client.user))).value_or(Factor::password);
}

ssh::Task<auth::Decision> LocalKeeper::Impl::check_answer(const Client& client, Factor factor,
                                                          ssh::SecretBytes answer) {
  ssh::AuthContext context = context_of(client);
  if (factor == Factor::totp) co_return local.totp(context, answer);
  co_return co_await local.password(std::move(context), std::move(answer));
}

ssh::Task<Answer> LocalKeeper::check_password(PasswordRequest request) {
  const std::string method = impl_->current().password_method;
  if (method == "webhook")
    co_return co_await impl_->remote.check_password(impl_->current_webhooks(), std::move(request));
  if (method != "local") co_return refuse("passwords are not accepted");
  ssh::AuthContext context = context_of(request.client);
  const auth::Decision decision =
      co_await impl_->local.password(std::move(context), std::move(request.password));
  Answer answer = impl_->settle(request.client, Factor::password, decision);
  co_return co_await impl_->authorize(std::move(request.client), std::move(answer));
}

ssh::Task<Answer> LocalKeeper::check_public_key(PublicKeyRequest request) {
  const std::string method = impl_->current().public_key_method;
  if (method == "webhook")
    co_return co_await impl_->remote.check_public_key(impl_->current_webhooks(), std::move(request));
  if (method != "local") co_return refuse("keys are not accepted");
  const auth::Decision decision = impl_->decide(request);
  Answer answer;
  if (request.verified) {
    answer = impl_->settle(request.client, Factor::public_key, decision);
    co_return co_await impl_->authorize(std::move(request.client), std::move(answer));
  }
  // A query: nothing is granted, nothing is remembered (CVE-2024-45337).
  answer.reason = decision.reason;
  if (decision.verdict == ssh::Verdict::accepted && impl_->wants(request.client, Factor::public_key))
    answer.verdict = ssh::Verdict::accepted;
  co_return answer;
}

ssh::Task<DialogueAnswer> LocalKeeper::converse(DialogueRequest request) {
  DialogueAnswer turn;
  const Client& client = request.client;
  if (impl_->current().keyboard_interactive_method != "local") {
    turn.answer = refuse("dialogues are not accepted");
    co_return turn;
  }
  if (!request.answers) impl_->logins.end_dialogue(client.connection_id);
  const Factor factor = impl_->dialogue_factor(client);
  if (!request.answers) {
    turn.prompts = prompts_for(factor);
    co_return turn;
  }
  if (request.answers->size() != 1) {
    turn.answer = refuse("one answer was asked for");
    co_return turn;
  }
  const auth::Decision decision =
      co_await impl_->check_answer(client, factor, std::move(request.answers->front()));
  auto progress = impl_->logins.dialogue(client.connection_id, client.user);
  turn.answer = impl_->count(client, factor, decision, progress);
  impl_->logins.end_dialogue(client.connection_id);
  if (turn.answer.verdict != ssh::Verdict::partial) {
    turn.answer = co_await impl_->authorize(client, std::move(turn.answer));
    co_return turn;
  }
  const auto more = askable(progress.next(impl_->chains_of(client.user)));
  if (more) {
    turn.prompts = prompts_for(*more);
    impl_->logins.keep_dialogue(client.connection_id, client.user, std::move(progress));
  } else {
    impl_->logins.keep(client.connection_id, client.user, std::move(progress));
  }
  co_return turn;
}

void LocalKeeper::forget(const std::string& connection_id) {
  impl_->logins.forget(connection_id);
  impl_->remote.forget(connection_id);
}

}  // namespace fairlead::keeper
