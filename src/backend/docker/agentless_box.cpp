// SPDX-License-Identifier: Apache-2.0
// The box, and the sessions that it accepts.
#include "backend/docker/agentless_box.hpp"

#include "backend/agent_box.hpp"
#include "backend/docker/agentless_session.hpp"
#include "backend/docker/bare_container.hpp"
#include "backend/docker/container_host.hpp"
#include "backend/docker/end_reason.hpp"
#include "backend/docker/exec_host.hpp"
#include "backend/docker/failure.hpp"
#include "backend/docker/gated.hpp"
#include "backend/docker/image.hpp"
#include "backend/docker/login_files.hpp"
#include "backend/docker/to_the_end.hpp"
#include "backend/local_peer.hpp"

#include <fmt/format.h>

#include <utility>

namespace fairlead::docker {
namespace {

namespace asio = boost::asio;

Task<> accept_sessions(ssh::Stream<ssh::NewChannel> channels, std::shared_ptr<AgentlessLogin> login) {
  ssh::TaskScope sessions(co_await asio::this_coro::executor);
  while (auto wish = co_await channels.next()) {
    if (wish->kind() == ssh::ChannelType::session)
      sessions.spawn(serve_agentless(login, std::move(*wish).accept()));
    else
      std::move(*wish).reject(ssh::OpenFailure::administratively_prohibited,
                              "There is no agent in this box.");
  }
  co_await sessions.join();
}

class AgentlessBox final : public backend::Box {
 public:
  // Where the programs run; neither, where each has a container of its own.
  struct Place {
    std::unique_ptr<Lease> lease;         // a container that goes with the login, or
    std::optional<AgentlessHome> home{};  // one that stays
  };
  AgentlessBox(Place place, std::shared_ptr<AgentlessLogin> login, const asio::any_io_executor& executor)
      : lease_(std::move(place.lease)),
        home_(std::move(place.home)),
        login_(std::move(login)),
        sessions_(executor) {
    auto local = backend::make_local_peer(executor);
    peer_ = std::move(local.outside);
    sessions_.spawn(accept_sessions(std::move(local.inside.channels), login_));
  }
  ~AgentlessBox() override { leave(); }

  [[nodiscard]] ssh::AcceptedConnection& peer() override { return *peer_; }
  [[nodiscard]] std::string id() const override {
    if (home_) return home_->place.container.substr(0, 12);
    return lease_ ? lease_->container().substr(0, 12) : "one for each session";
  }
  [[nodiscard]] Task<> remove() override {
    leave();
    std::exception_ptr failure;
    try {
      if (lease_) co_await to_the_end(lease_->remove(in(login_->login.config->docker.container_stop)));
      co_await sessions_.join();
      home_stay_ends();
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) throw explain(failure, "remove container " + id());
  }
  [[nodiscard]] Task<std::string> end_reason() override {
    if (home_) co_return co_await docker::end_reason(home_->place.engine, home_->place.container);
    if (!lease_) co_return "";
    co_return co_await docker::end_reason(*lease_);
  }

 private:
  // What the login ran in there has ended: the home may be idle now.
  void home_stay_ends() {
    if (home_) home_->stay.reset();
  }
  void leave() { peer_->connection.close({ssh::Errc::connection_closed, "the login has ended"}); }

  std::unique_ptr<Lease> lease_;
  std::optional<AgentlessHome> home_;
  std::shared_ptr<AgentlessLogin> login_;
  std::optional<ssh::AcceptedConnection> peer_;
  ssh::TaskScope sessions_;
};

// As ContainerSSH has it, and what sshd sets beside it.
std::shared_ptr<AgentlessLogin> make_login(backend::Login login) {
  auto setup = backend::make_setup(login, login.config->docker.programs);
  setup.fixed_environment["SSH_CLIENT"] =
      fmt::format("{} {} {}", login.remote_address, login.remote_port, login.local_port);
  setup.fixed_environment["SSH_CONNECTION"] = fmt::format(
      "{} {} {} {}", login.remote_address, login.remote_port, login.local_address, login.local_port);
  auto made = std::make_shared<AgentlessLogin>();
  made->login = std::move(login);
  made->environment = std::move(setup.environment);
  made->fixed_environment = std::move(setup.fixed_environment);
  return made;
}

void warn_of_less(const backend::Login& login) {
  const auto& docker = login.config->docker;
  if (!docker.disable_agent) return;
  login.log.warning("DOCKER_GUEST_AGENT_DISABLED",
                    "disableAgent is on: no forwarding, no exit signals, no terminal modes");
  if (docker.mode != "session" && !docker.idle_command.empty() &&
      docker.idle_command.front() == docker.guest_agent)
    login.log.warning("DOCKER_GUEST_AGENT_DISABLED",
                      "disableAgent is on, and idleCommand is still the agent");
}

std::string guest_agent(const config::Docker& docker) {
  return docker.disable_agent ? std::string() : docker.guest_agent;
}

// By an archive where the standard input of the image's agent could not be ended.
bool writes_by_guest(const ExecPlace& place) {
  return !place.guest_agent.empty() && place.engine.endpoint().kind != http::Endpoint::Kind::tls;
}

// Into a container that runs.
Task<> deliver_files(ExecPlace place, const backend::Login& login) {
  auto delivery = writes_by_guest(place) ? write_login_files(place, login)
                                         : upload_login_files(place.engine, place.container, login);
  co_await std::move(delivery);
}

// The files are there before the first process, if they can be.
Task<> start_with_files(ExecPlace place, const backend::Login& login, Deadline deadline) {
  const bool later = writes_by_guest(place);
  if (!later) co_await deliver_files(place, login);
  co_await place.engine.start(place.container, deadline);
  if (later) co_await deliver_files(place, login);
}

// Throws whatever went wrong; a lease that goes removes what there is.
Task<std::unique_ptr<backend::Box>> make_agentless(std::shared_ptr<Fleet> fleet, backend::Login login,
                                                   std::shared_ptr<KnownEngine> known) {
  const auto executor = co_await asio::this_coro::executor;
  const auto config = login.config;
  const auto& docker = config->docker;
  const auto deadline = in(docker.container_start);
  ImageWish image{known, docker, login.log, login.progress};
  (void)co_await find_image(std::move(image), deadline);
  auto made = make_login(std::move(login));
  std::unique_ptr<Lease> lease;
  if (docker.mode == "session") {
    made->host = make_container_host(fleet, made->login);
  } else {
    NewExec idle{docker.idle_command};
    idle.input = false;
    BareContainer wish{fleet, made->login, std::move(idle)};
    lease = co_await create_bare(std::move(wish), deadline);
    const ExecPlace inside{known->engine, lease->container(), config, made->login.log, guest_agent(docker)};
    co_await start_with_files(inside, made->login, deadline);
    made->host = make_exec_host(inside);
  }
  AgentlessBox::Place place{std::move(lease)};
  co_return std::make_unique<AgentlessBox>(std::move(place), std::move(made), executor);
}

Task<std::unique_ptr<backend::Box>> run_agentless_launch(std::shared_ptr<Fleet> fleet, backend::Login login) {
  std::exception_ptr failure;
  try {
    fleet->open();
    warn_of_less(login);
    auto way = gateway_of(*fleet, login);
    auto making = make_agentless(fleet, std::move(login), way.known);
    co_return co_await through_gate(std::move(way), std::move(making));
  } catch (...) {
    failure = std::current_exception();
  }
  throw explain(failure, "start a box");
}

}  // namespace

Task<std::unique_ptr<backend::Box>> launch_agentless(std::shared_ptr<Fleet> fleet, backend::Login login) {
  return to_the_end(run_agentless_launch(std::move(fleet), std::move(login)));
}

Task<std::unique_ptr<backend::Box>> enter_agentless(backend::Login login, AgentlessHome home) {
  const auto executor = co_await asio::this_coro::executor;
  warn_of_less(login);
  home.place.guest_agent = guest_agent(login.config->docker);
  // Somebody has been in there before: no archive, which the engine unpacks as root.
  ExecPlace writer = home.place;
  if (!writes_by_guest(writer)) writer.guest_agent.clear();
  co_await write_login_files(std::move(writer), login);
  auto made = make_login(std::move(login));
  made->host = make_exec_host(home.place);
  AgentlessBox::Place place{nullptr, std::move(home)};
  co_return std::make_unique<AgentlessBox>(std::move(place), std::move(made), executor);
}

}  // namespace fairlead::docker
