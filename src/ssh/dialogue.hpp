// SPDX-License-Identifier: Apache-2.0
// Runs Authenticator::keyboard_interactive() beside the reader, which has to go on receiving while the
// authenticator waits for answers.
#pragma once

#include "base/secret.hpp"

#include <fairlead/ssh/async.hpp>
#include <fairlead/ssh/auth.hpp>

#include <memory>
#include <variant>
#include <vector>

namespace fairlead::ssh {

// One attempt. Its end cancels the authenticator's task.
class Dialogue {
 public:
  // What the authenticator wants: to ask, or to be done.
  using Step = std::variant<Verdict, PromptRound>;

  Dialogue(asio::any_io_executor executor, std::shared_ptr<Authenticator> authenticator, AuthContext context);
  Dialogue(const Dialogue&) = delete;
  Dialogue& operator=(const Dialogue&) = delete;
  ~Dialogue() { cancel(); }

  // The next step, or what the authenticator throws. To be called again after answer().
  [[nodiscard]] Task<Step> step();
  void answer(std::vector<SecretBytes> answers);
  // Nobody wants to know any more.
  void cancel() noexcept;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace fairlead::ssh
