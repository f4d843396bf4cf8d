// SPDX-License-Identifier: Apache-2.0
// The box of one login while it is being made: channels that are opened meanwhile wait here for it.
#pragma once

#include "backend/backend.hpp"

#include <cstdint>
#include <expected>
#include <list>
#include <memory>
#include <optional>
#include <string>

namespace fairlead::relay {

// Used on one executor. open() or fail() is called once; whoever waits then, and later, learns the same.
// report() may be called before.
class BoxGate {
 public:
  explicit BoxGate(ssh::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  void open(std::shared_ptr<backend::Box> box);
  // `user_text`: a sentence for the person who logs in.
  void fail(std::string user_text);
  void report(backend::Progress progress);

  [[nodiscard]] bool decided() const { return decided_; }
  // The box if it is there already, else null.
  [[nodiscard]] std::shared_ptr<backend::Box> box() const { return box_; }
  [[nodiscard]] ssh::Task<std::expected<std::shared_ptr<backend::Box>, std::string>> pass();

  // The last report; empty before the first.
  [[nodiscard]] const std::optional<backend::Progress>& progress() const { return progress_; }
  // How often something has changed: a report came, or the decision.
  [[nodiscard]] std::uint64_t changes() const { return changes_; }
  // Until something has changed since changes() was `seen`.
  [[nodiscard]] ssh::Task<> change(std::uint64_t seen);

 private:
  void wake();

  ssh::asio::any_io_executor executor_;
  std::shared_ptr<backend::Box> box_;
  std::string failure_;
  std::optional<backend::Progress> progress_;
  std::uint64_t changes_ = 0;
  bool decided_ = false;
  std::list<std::shared_ptr<ssh::Event>> waiting_;
};

}  // namespace fairlead::relay
