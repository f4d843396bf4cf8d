// SPDX-License-Identifier: Apache-2.0
// Starting, choosing and stopping event loops.
#include "daemon/cores.hpp"

#include <algorithm>

namespace fairlead::daemon {

Cores::Cores(unsigned count) {
  if (count == 0) count = std::max(1U, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < count; ++i) {
    cores_.push_back(std::make_unique<Core>());
    work_.push_back(asio::make_work_guard(cores_.back()->io));
  }
}

Cores::~Cores() {
  stop();
}

Core& Cores::least_loaded() {
  const auto lighter = [](const auto& a, const auto& b) { return a->load.load() < b->load.load(); };
  return **std::ranges::min_element(cores_, lighter);
}

std::size_t Cores::load() const {
  std::size_t sum = 0;
  for (const auto& core : cores_) sum += core->load.load();
  return sum;
}

void Cores::start() {
  for (std::size_t i = 1; i < cores_.size(); ++i)
    threads_.emplace_back([core = cores_[i].get()] { core->io.run(); });
}

void Cores::run() {
  first().io.run();
}

void Cores::stop() {
  for (const auto& core : cores_) core->io.stop();
  for (std::thread& thread : threads_)
    if (thread.joinable() && thread.get_id() != std::this_thread::get_id()) thread.join();
  threads_.clear();
}

}  // namespace fairlead::daemon
