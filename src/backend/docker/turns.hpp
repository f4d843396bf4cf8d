// SPDX-License-Identifier: Apache-2.0
// One at a time for each name, on whatever core: the others wait in line.
#pragma once

#include <fairlead/ssh/async.hpp>

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace fairlead::docker {

// Thread-safe. Outlives its turns.
class Turns {
 public:
  // Held as long as it lives; then the next in line has it.
  class Turn {
   public:
    Turn(Turns& turns, std::string name) : turns_(&turns), name_(std::move(name)) {}
    Turn(Turn&& other) noexcept
        : turns_(std::exchange(other.turns_, nullptr)), name_(std::move(other.name_)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (turns_ != nullptr) turns_->pass(name_);
    }

   private:
    Turns* turns_;
    std::string name_;
  };
  // The waiting coroutine must not be cancelled: a turn that nobody takes would stay with it.
  [[nodiscard]] ssh::Task<Turn> take(std::string name);

 private:
  struct Waiting {
    explicit Waiting(const ssh::asio::any_io_executor& on) : executor(on), event(on) {}
    ssh::asio::any_io_executor executor;
    ssh::Event event;  // used on the executor only
    bool granted = false;
  };
  void pass(const std::string& name);

  std::mutex mutex_;
  std::map<std::string, std::list<std::shared_ptr<Waiting>>> lines_;  // of names that somebody has
};

}  // namespace fairlead::docker
