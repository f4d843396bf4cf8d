// SPDX-License-Identifier: Apache-2.0
// Counting failures in a row.
#include "backend/docker/engine_gate.hpp"

#include "backend/docker/engine.hpp"
#include "backend/docker/limits.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace fairlead::docker {

std::unique_ptr<EngineGate::Pass> EngineGate::enter(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (failures_ < limits::launches_without_answer) return std::make_unique<Pass>(*this, false);
  if (probing_ || now < closed_until_) return nullptr;
  probing_ = true;
  return std::make_unique<Pass>(*this, true);
}

bool EngineGate::answered() {
  const std::lock_guard lock(mutex_);
  return std::exchange(failures_, 0) >= limits::launches_without_answer;
}

bool EngineGate::failed(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  const bool was_closed = failures_ >= limits::launches_without_answer;
  failures_ = std::min(failures_ + 1, limits::launches_without_answer);
  if (failures_ < limits::launches_without_answer) return false;
  // Those that were let in before it closed fail one by one: they are one failure.
  if (was_closed && !probing_) return false;
  pause_ = was_closed ? std::min(2 * pause_, limits::longest_gate_pause) : limits::first_gate_pause;
  closed_until_ = now + pause_;
  return !was_closed;
}

void EngineGate::leave(bool probe) {
  const std::lock_guard lock(mutex_);
  if (probe) probing_ = false;
}

Blame blame_for(const std::exception_ptr& failure, bool patient) {
  constexpr unsigned internal =
      500;  // also said of what a configuration asks for, when it is made or started
  if (!failure) return Blame::nobody;
  try {
    std::rethrow_exception(failure);
  } catch (const EngineError& error) {
    const bool asked_only = std::string_view(error.what()).starts_with("GET ");
    const bool trouble = error.status() > internal || (error.status() == internal && asked_only);
    return trouble ? Blame::engine : Blame::nobody;
  } catch (const http::HttpError& error) {
    using enum http::Failure;
    const bool passed = error.kind() == timeout;
    const bool said_nothing =
        error.kind() == connect || error.kind() == closed || error.kind() == protocol || (passed && patient);
    return said_nothing ? Blame::engine : Blame::unknown;
  } catch (...) {
    return Blame::unknown;
  }
}

}  // namespace fairlead::docker
