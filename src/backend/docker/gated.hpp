// SPDX-License-Identifier: Apache-2.0
// A launch that goes through its engine's gate.
#pragma once

#include "backend/docker/fleet.hpp"

#include <memory>
#include <utility>

namespace fairlead::docker {

// Which gate, and whose launch it is.
struct Gateway {
  std::shared_ptr<KnownEngine> known;
  observe::Log log;
  bool patient;  // waits as long as the file says: then a timeout is the engine's fault
};
// Throws backend::BackendError when the login's connection settings mean nothing.
[[nodiscard]] Gateway gateway_of(Fleet& fleet, const backend::Login& login);

// Throws backend::BackendError when the gate is closed.
[[nodiscard]] std::unique_ptr<EngineGate::Pass> enter(const Gateway& way);
// What the launch's end says of the engine; `failure` is null when it succeeded.
void note_end(const Gateway& way, const std::exception_ptr& failure);

// `launch`, which has not begun, or a BackendError at once. Throws what it throws.
template <class T>
[[nodiscard]] Task<T> through_gate(Gateway way, Task<T> launch) {
  const auto pass = enter(way);
  std::exception_ptr failure;
  try {
    T made = co_await std::move(launch);
    note_end(way, nullptr);
    co_return made;
  } catch (...) {
    failure = std::current_exception();
  }
  note_end(way, failure);
  std::rethrow_exception(failure);
}

}  // namespace fairlead::docker
