// SPDX-License-Identifier: Apache-2.0
// Waiting for a box: a condition with many waiters made of single-waiter events.
#include "relay/box_gate.hpp"

namespace fairlead::relay {

void BoxGate::open(std::shared_ptr<backend::Box> box) {
  box_ = std::move(box);
  decided_ = true;
  wake();
}

void BoxGate::fail(std::string user_text) {
  failure_ = std::move(user_text);
  decided_ = true;
  wake();
}

void BoxGate::report(backend::Progress progress) {
  if (decided_) return;
  progress_ = progress;
  wake();
}

void BoxGate::wake() {
  ++changes_;
  for (const auto& waiter : waiting_) waiter->notify();
  waiting_.clear();
}

ssh::Task<> BoxGate::change(std::uint64_t seen) {
  if (changes_ != seen) co_return;
  auto waiter = std::make_shared<ssh::Event>(executor_);
  waiting_.push_back(waiter);
  while (changes_ == seen) co_await waiter->wait();
}

ssh::Task<std::expected<std::shared_ptr<backend::Box>, std::string>> BoxGate::pass() {
  while (!decided_) co_await change(changes_);
  if (!box_) co_return std::unexpected(failure_);
  co_return box_;
}

}  // namespace fairlead::relay
