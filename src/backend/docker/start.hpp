// SPDX-License-Identifier: Apache-2.0
// The start of a container, watched from aside: the agent is usually here before the engine says that it
// started it.
#pragma once

#include "backend/docker/engine.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <string>

namespace fairlead::docker {

// One start. Lives until the engine has answered: a start is never cancelled half-way.
class Start : public std::enable_shared_from_this<Start> {
 public:
  // `on_failure` is called once, on the executor, when the container will have no agent: not started, ended
  // at once, or nothing happened before the deadline. Not called after settle().
  Start(Engine engine, std::string container, Deadline deadline, std::function<void()> on_failure);

  void begin(const ssh::asio::any_io_executor& executor);
  // The agent is here, or nobody cares any more.
  void settle();
  // Why, after on_failure.
  [[nodiscard]] std::exception_ptr failure() const noexcept { return failure_; }
  // Completes when the engine has answered or the deadline is over.
  [[nodiscard]] Task<> answered();

 private:
  [[nodiscard]] Task<> run();
  [[nodiscard]] static Task<> watch(std::shared_ptr<Start> self);
  void fail(std::exception_ptr failure);

  Engine engine_;
  std::string container_;
  Deadline deadline_;
  std::function<void()> on_failure_;
  std::exception_ptr failure_;
  std::unique_ptr<ssh::Event> answer_;
  std::unique_ptr<ssh::TaskScope> watching_;
  bool answered_ = false;
};

}  // namespace fairlead::docker
