// SPDX-License-Identifier: Apache-2.0
// A box's end, wanted or not.
#include "backend/docker/box.hpp"

#include "backend/docker/failure.hpp"
#include "backend/docker/limits.hpp"
#include "backend/docker/to_the_end.hpp"

namespace fairlead::docker {
namespace {

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

DockerBox::DockerBox(std::unique_ptr<Lease> lease, ssh::AcceptedConnection peer, ssh::TaskScope copying)
    : lease_(std::move(lease)), peer_(std::move(peer)), copying_(std::move(copying)) {}

DockerBox::~DockerBox() {
  peer_.connection.close({ssh::Errc::connection_closed, "the box is gone"});
}

std::string DockerBox::id() const {
  return lease_->container().substr(0, 12);
}

Task<> DockerBox::remove() {
  std::exception_ptr failure;
  try {
    co_await to_the_end(lease_->remove(in(lease_->fleet().config.docker.container_stop)));
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) throw explain(failure, "remove container " + id());
}

Task<std::string> DockerBox::end_reason() {
  try {
    co_return co_await reason_from(lease_->engine().engine, lease_->container());
  } catch (const http::HttpError& error) {
    switch (error.kind()) {
      case http::Failure::connect:
      case http::Failure::closed:
        co_return "The container engine has stopped, and the box with it.";
      case http::Failure::timeout:
        // Either the engine does not answer, or the container runs on and only the link broke.
        co_return "The connection to the box was lost.";
      default:
        co_return "";
    }
  }
}

}  // namespace fairlead::docker
