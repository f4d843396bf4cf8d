// SPDX-License-Identifier: Apache-2.0
// The last step of a launch, sooner or later.
#include "backend/docker/ready_box.hpp"

#include "backend/agent_box.hpp"
#include "backend/docker/box.hpp"
#include "backend/pool_limits.hpp"

#include <exception>

namespace fairlead::docker {
Task<std::unique_ptr<backend::Box>> ReadyDockerBox::greet(const backend::Login& login, Patience patience) {
  const bool bridged = parts_.copying != nullptr;
  LinkSocket socket = backend::open_link(co_await ssh::asio::this_coro::executor, parts_.link);
  backend::Greeting greeting{backend::make_setup(login, login.config->docker.programs), login, patience.all,
                             patience.answer};
  if (greeting.setup.working_directory.empty())
    greeting.setup.working_directory = std::move(parts_.working_directory);
  const auto kind = bridged ? backend::AgentLink::bridge : backend::AgentLink::local;
  auto peer = co_await backend::greet_agent(std::move(socket), kind, std::move(greeting));
  login.log.debug("DOCKER_LINK", "the agent has answered", {{"link", bridged ? "attach" : "socket"}});
  co_return std::make_unique<DockerBox>(std::move(parts_.lease), std::move(peer), std::move(parts_.copying));
}

Task<std::unique_ptr<backend::Box>> ReadyDockerBox::claim(const backend::Login& login) {
  parts_.lease->fleet()->note_login(parts_.lease->box(), login);
  const Patience patience{login.config->docker.container_start, backend::limits::claim_answer};
  co_return co_await greet(login, patience);
}

Task<std::unique_ptr<backend::Box>> ReadyDockerBox::first_claim(const backend::Login& login,
                                                                Deadline deadline) {
  std::exception_ptr failure;
  try {
    const Patience patience{time_left(deadline)};
    auto box = co_await greet(login, patience);
    if (parts_.start) parts_.start->settle();
    co_return box;
  } catch (...) {
    failure = std::current_exception();
  }
  // A container that did not start tells more than a stream that ended.
  if (parts_.start) {
    co_await parts_.start->answered();
    if (parts_.start->failure()) failure = parts_.start->failure();
    parts_.start->settle();
  }
  std::rethrow_exception(failure);
}

Task<> ReadyDockerBox::started() {
  const auto start = std::exchange(parts_.start, nullptr);
  if (!start) co_return;
  co_await start->answered();
  const auto failure = start->failure();
  start->settle();
  if (failure) std::rethrow_exception(failure);
}

Task<> ReadyDockerBox::remove(const observe::Log& log) {
  try {
    co_await parts_.lease->remove(in(parts_.lease->fleet()->config.docker.container_stop));
  } catch (const std::exception& error) {
    log.debug("DOCKER_REMOVE_FAILED", error.what());
  }
}

}  // namespace fairlead::docker
