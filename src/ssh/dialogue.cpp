// SPDX-License-Identifier: Apache-2.0
// Two coroutines that take turns: the authenticator's, and whoever carries its questions to the client.
#include "ssh/dialogue.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace fairlead::ssh {

// Shared by both, since either may be the last: the authenticator may be slow to hear that it was cancelled.
class Dialogue::State final : public Prompter {
 public:
  State(const asio::any_io_executor& executor, std::shared_ptr<Authenticator> who, AuthContext context)
      : authenticator_(std::move(who)), context_(std::move(context)), moved_(executor), answered_(executor) {}

  static Task<> run(std::shared_ptr<State> state) {
    try {
      state->verdict_ = co_await state->authenticator_->keyboard_interactive(state->context_, *state);
    } catch (...) {
      state->failure_ = std::current_exception();
    }
    state->answers_.reset();
    state->moved_.notify();
  }

  static Task<Step> step(std::shared_ptr<State> state) {
    while (!state->verdict_ && !state->failure_ && !state->question_) co_await state->moved_.wait();
    if (state->failure_) std::rethrow_exception(state->failure_);
    if (state->verdict_) co_return Step(*state->verdict_);
    PromptRound round = std::move(*state->question_);
    state->question_.reset();
    co_return Step(std::move(round));
  }

  [[nodiscard]] Task<std::vector<Bytes>> ask(PromptRound round) override {
    answers_.reset();
    question_.emplace(std::move(round));
    moved_.notify();
    while (!answers_ && !cancelled_) co_await answered_.wait();
    if (cancelled_) throw boost::system::system_error(asio::error::operation_aborted);
    co_return std::vector<Bytes>(answers_->begin(), answers_->end());
  }

  void answer(std::vector<SecretBytes> answers) {
    answers_ = std::move(answers);
    answered_.notify();
  }

  void cancel() noexcept {
    if (std::exchange(cancelled_, true)) return;
    answered_.notify();
    try {
      signal_.emit(asio::cancellation_type::terminal);
    } catch (const std::exception&) {
      return;  // no memory (TH-7): then it ends when it asks next
    }
  }

  [[nodiscard]] asio::cancellation_slot slot() { return signal_.slot(); }

 private:
  const std::shared_ptr<Authenticator> authenticator_;
  const AuthContext context_;
  Event moved_;     // for step()
  Event answered_;  // for ask()
  asio::cancellation_signal signal_;
  std::optional<PromptRound> question_;
  std::optional<std::vector<SecretBytes>> answers_;
  std::optional<Verdict> verdict_;
  std::exception_ptr failure_;
  bool cancelled_ = false;
};

Dialogue::Dialogue(asio::any_io_executor executor, std::shared_ptr<Authenticator> authenticator,
                   AuthContext context)
    : state_(std::make_shared<State>(executor, std::move(authenticator), std::move(context))) {
  auto ended = [state = state_](const std::exception_ptr&) {};  // run() has kept what there was to tell
  asio::co_spawn(executor, State::run(state_),
                 asio::bind_cancellation_slot(state_->slot(), std::move(ended)));
}

Task<Dialogue::Step> Dialogue::step() {
  return State::step(state_);
}

void Dialogue::answer(std::vector<SecretBytes> answers) {
  state_->answer(std::move(answers));
}

void Dialogue::cancel() noexcept {
  state_->cancel();
}

}  // namespace fairlead::ssh
