// SPDX-License-Identifier: Apache-2.0
// A circuit breaker: logins do not queue up before an engine that does not answer (security.md TC-10).
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>

namespace fairlead::docker {

// Of one engine; thread-safe. Open until launches_without_answer (limits.hpp) of them have failed in a row;
// then closed but for one probe at a time, after pauses that grow. Boxes that wait in the pool and removals
// do not pass here.
class EngineGate {
 public:
  using Clock = std::chrono::steady_clock;

  // One launch on its way. Destroyed without a word it says nothing of the engine.
  class Pass {
   public:
    Pass(EngineGate& gate, bool probe) : gate_(gate), probe_(probe) {}
    ~Pass() { gate_.leave(probe_); }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    EngineGate& gate_;
    const bool probe_;
  };
  // Null: the engine is not to be asked now.
  [[nodiscard]] std::unique_ptr<Pass> enter(Clock::time_point now);
  // Whether the gate opens, or closes, with this.
  bool answered();
  bool failed(Clock::time_point now);

 private:
  void leave(bool probe);

  std::mutex mutex_;
  unsigned failures_ = 0;  // in a row
  bool probing_ = false;
  std::chrono::seconds pause_{};
  Clock::time_point closed_until_{};
};

// What the end of a launch says of its engine: it is not there, says nothing or has trouble of its own;
// it did its work or refused what it was asked; or nothing. No failure is nobody's.
enum class Blame : std::uint8_t { engine, nobody, unknown };
// `patient`: a deadline that passed is the engine's fault.
[[nodiscard]] Blame blame_for(const std::exception_ptr& failure, bool patient);

}  // namespace fairlead::docker
