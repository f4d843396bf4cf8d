// SPDX-License-Identifier: Apache-2.0
// Starting, choosing and stopping event loops.
#include "daemon/cores.hpp"

#include <algorithm>
#include <utility>

namespace fairlead::daemon {

Cores::Cores(unsigned count, OnFailure on_failure) : on_failure_(std::move(on_failure)) {
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
    threads_.emplace_back([this, core = cores_[i].get()] { run_loop(*core); });
}

void Cores::run() {
  run_loop(first());
}

void Cores::run_loop(Core& core) {
  for (bool stopped = false; !stopped;) {
    try {
      stopped = run_until_failure(core.io);
    } catch (const std::exception&) {
      continue;  // not even the memory to tell it
    }
  }
}

bool Cores::run_until_failure(asio::io_context& io) {
  try {
    io.run();
    return true;
  } catch (const std::exception& failure) {
    on_failure_(failure);
    return false;
  }
}

void Cores::stop() {
  for (const auto& core : cores_) core->io.stop();
  for (std::thread& thread : threads_)
    if (thread.joinable() && thread.get_id() != std::this_thread::get_id()) thread.join();
  threads_.clear();
}

}  // namespace fairlead::daemon
