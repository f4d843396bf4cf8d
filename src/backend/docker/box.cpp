// SPDX-License-Identifier: Apache-2.0
// A box's end, wanted or not.
#include "backend/docker/box.hpp"

#include "backend/docker/failure.hpp"
#include "backend/docker/limits.hpp"
#include "backend/docker/to_the_end.hpp"

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
  } catch (const EngineError& error) {
    if (error.status() == 404) co_return "The box was removed.";
    co_return "";
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
  try {
    co_return co_await reason_from(lease.engine().engine, lease.container());
  } catch (const http::HttpError& error) {
    co_return at_end.text_for(error);
  }
}

DockerBox::DockerBox(std::unique_ptr<Lease> lease, backend::AgentPeer peer, ssh::TaskScope copying)
    : lease_(std::move(lease)), peer_(std::move(peer)), copying_(std::move(copying)) {}

DockerBox::~DockerBox() {
  peer_.connection.connection.close({ssh::Errc::connection_closed, "the box is gone"});
}

std::string DockerBox::id() const {
  return lease_->container().substr(0, 12);
}

Task<> DockerBox::remove() {
  std::exception_ptr failure;
  try {
    co_await to_the_end(lease_->remove(in(lease_->fleet()->config.docker.container_stop)));
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) throw explain(failure, "remove container " + id());
}

Task<std::string> DockerBox::end_reason() {
  return docker::end_reason(*lease_);
}

}  // namespace fairlead::docker
