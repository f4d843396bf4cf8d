// SPDX-License-Identifier: Apache-2.0
// Waiting for a box: a condition with many waiters made of single-waiter events.
#include "relay/box_gate.hpp"

namespace fairlead::relay {

void BoxGate::open(std::shared_ptr<backend::Box> box) {
  box_ = std::move(box);
  wake();
}

void BoxGate::fail(std::string user_text) {
  failure_ = std::move(user_text);
  wake();
}

void BoxGate::wake() {
  decided_ = true;
  for (const auto& waiter : waiting_) waiter->notify();
  waiting_.clear();
}

ssh::Task<std::expected<std::shared_ptr<backend::Box>, std::string>> BoxGate::pass() {
  if (!decided_) {
    auto waiter = std::make_shared<ssh::Event>(executor_);
    waiting_.push_back(waiter);
    while (!decided_) co_await waiter->wait();
  }
  if (!box_) co_return std::unexpected(failure_);
  co_return box_;
}

}  // namespace fairlead::relay
