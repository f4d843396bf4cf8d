// SPDX-License-Identifier: Apache-2.0
// Waiting a moment for the engine to notice, and asking.
#include "backend/docker/end_reason.hpp"

#include "backend/docker/failure.hpp"
#include "backend/docker/limits.hpp"

namespace fairlead::docker {
namespace {

constexpr const char* engine_stopped = "The container engine has stopped, and the box with it.";
constexpr FailureTexts at_end{
    .not_running = engine_stopped,
    // Either the engine does not answer, or the container runs on and only the link broke.
    .no_answer = "The connection to the box was lost.",
    .went_away = engine_stopped,
    .otherwise = ""};

Task<std::string> reason_from(Engine engine, std::string container) {
  const auto deadline = in(limits::end_reason);
  try {
    // The link ends with the agent; the engine hears of it a little later.
    (void)co_await engine.wait(container, deadline);
  } catch (const EngineError&) {  // most likely it is gone, which the next answer says
  }
  const auto state = co_await engine.inspect(container, deadline);
  if (!state) co_return "The box was removed.";
  if (state->out_of_memory) co_return "The box ran out of memory.";
  if (state->exit_code == 137) co_return "The box was killed.";
  co_return "The box has stopped.";
}

}  // namespace

Task<std::string> end_reason(const Lease& lease) {
  if (auto ours = lease.fleet()->end_reason(lease.box()); !ours.empty()) co_return ours;
  co_return co_await end_reason(lease.engine().engine, lease.container());
}

Task<std::string> end_reason(Engine engine, std::string container) {
  try {
    co_return co_await reason_from(std::move(engine), std::move(container));
  } catch (const http::HttpError& error) {
    co_return at_end.text_for(error);
  }
}

}  // namespace fairlead::docker
