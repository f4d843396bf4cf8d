// SPDX-License-Identifier: Apache-2.0
// The way from a login to an agent of its own in a box that may have been there for years.
#include "backend/docker/home_launch.hpp"

#include "backend/agent_box.hpp"
#include "backend/docker/agentless_box.hpp"
#include "backend/docker/attach_bridge.hpp"
#include "backend/docker/create.hpp"
#include "backend/docker/end_reason.hpp"
#include "backend/docker/failure.hpp"
#include "backend/docker/gated.hpp"
#include "backend/docker/home.hpp"
#include "backend/docker/idle_stop.hpp"
#include "backend/docker/image.hpp"
#include "backend/docker/limits.hpp"
#include "backend/docker/to_the_end.hpp"
#include "crypto/random.hpp"
#include "http/json.hpp"

#include <boost/asio/steady_timer.hpp>

#include <utility>

namespace fairlead::docker {
namespace {

namespace asio = boost::asio;
using backend::BackendError;

class HomeBox final : public backend::Box {
 public:
  struct Parts {
    backend::AgentPeer peer;
    ssh::TaskScope copying;  // of an attach link
    std::unique_ptr<Stay> stay;
    Engine engine;
    std::string container;
  };
  explicit HomeBox(Parts parts) : parts_(std::move(parts)) {}
  ~HomeBox() override { leave(); }

  [[nodiscard]] ssh::AcceptedConnection& peer() override { return parts_.peer.connection; }
  [[nodiscard]] link::DescriptorSender* data_sockets() override {
    return parts_.peer.data_sockets ? &*parts_.peer.data_sockets : nullptr;
  }
  [[nodiscard]] std::string id() const override { return parts_.container.substr(0, 12); }
  [[nodiscard]] Task<> remove() override {
    leave();
    co_return;
  }
  [[nodiscard]] Task<std::string> end_reason() override {
    return docker::end_reason(parts_.engine, parts_.container);
  }

 private:
  // The agent ends with its link, and with it whatever it started.
  void leave() {
    parts_.peer.connection.connection.close({ssh::Errc::connection_closed, "the login has ended"});
    parts_.stay.reset();
  }

  Parts parts_;
};

class HomeLaunch {
 public:
  HomeLaunch(std::shared_ptr<Fleet> fleet, backend::Login login, asio::any_io_executor executor)
      : fleet_(std::move(fleet)),
        login_(std::move(login)),
        docker_(login_.config->docker),
        executor_(std::move(executor)),
        us_{fleet_->config.instance, fleet_->files().owner()},
        home_(home_of(docker_, us_, login_.user)),
        known_(fleet_->engine_for(docker_)),
        engine_(known_->engine),
        copying_(executor_),
        deadline_(in(docker_.container_start)) {}

  Task<std::unique_ptr<backend::Box>> run() {
    Stay::Place place{home_.container, docker_.container_stop};
    stay_ = std::make_unique<Stay>(fleet_, known_, std::move(place), executor_);
    if (stay_->came_while_stopping()) co_await wait_for_stop();
    asio::steady_timer timer(executor_);
    auto pause = limits::home_pause;
    for (int tries = 1;; ++tries, pause *= 2) {
      std::exception_ptr failure;
      try {
        co_return co_await enter();
      } catch (const EngineError& error) {
        // 404: removed, 409: stopped, or somebody else made it; all of it a moment ago.
        const bool passing = error.status() == 404 || error.status() == 409;
        if (!passing || tries == limits::home_tries) throw;
        failure = std::current_exception();
      }
      login_.log.debug("DOCKER_HOME_RETRY", words_of(failure), {{"container", home_.container}});
      timer.expires_after(pause);
      co_await timer.async_wait(asio::use_awaitable);
    }
  }

 private:
  Task<> wait_for_stop() {
    try {
      const auto found = co_await look();
      if (found) (void)co_await engine_.wait(found->id, deadline_);
    } catch (const EngineError& error) {  // it is gone, which enter() will see
      login_.log.debug("DOCKER_HOME_RETRY", error.what());
    }
  }

  Task<std::unique_ptr<backend::Box>> enter() {
    co_await open();
    if (docker_.agentless()) co_return co_await enter_without_agent();
    auto setup = backend::make_setup(login_, docker_.programs);
    auto linking =
        kind_ == LinkKind::socket ? link_by_socket(std::move(setup)) : link_by_attach(std::move(setup));
    auto peer = co_await std::move(linking);
    tell_entered();
    co_return std::make_unique<HomeBox>(
        HomeBox::Parts{std::move(peer), std::move(copying_), std::move(stay_), engine_, id_});
  }

  Task<std::unique_ptr<backend::Box>> enter_without_agent() {
    ExecPlace place{engine_, id_, login_.config, login_.log};
    AgentlessHome home{std::move(place), std::move(stay_)};
    tell_entered();
    co_return co_await enter_agentless(login_, std::move(home));
  }

  void tell_entered() const {
    login_.log.info("DOCKER_HOME_ENTERED", "The login is in a box that stays",
                    {{"container", home_.container}, {"created", created_}});
  }

  // Found or made, and running, with an agent in it. Logins of the same moment take turns: nobody replaces
  // the agent that another one is just starting.
  Task<> open() {
    const auto turn = co_await fleet_->home_turns.take(home_key(*known_, home_.container));
    created_ = false;
    co_await find();
    if (id_.empty()) co_await create();
    co_await start();
  }

  // By name; without a pattern also by label, should somebody have renamed it.
  Task<std::optional<ContainerState>> look() {
    auto found = co_await engine_.inspect(home_.container, deadline_);
    // An engine takes the beginning of an id for a name, and a user's name may look like one.
    if (found && found->name != "/" + home_.container) found.reset();
    if (!found && docker_.container_name.empty()) found = co_await find_by_label();
    co_return found;
  }

  Task<> find() {
    const auto found = co_await look();
    id_.clear();
    if (!found) co_return;
    check_home(*found, home_, us_);
    id_ = found->id;
    read_only_root_ = found->read_only_root;
    const auto link = found->labels.find(std::string(link_label));
    kind_ = link != found->labels.end() && link->second == "socket" ? LinkKind::socket : LinkKind::attach;
    // What the operator has made, the operator stops.
    if (is_fairleads(*found)) stay_->may_rest(id_, docker_.stop_after_idle);
  }

  Task<std::optional<ContainerState>> find_by_label() {
    std::vector<std::string> labels{std::string(instance_label) + "=" + us_.instance,
                                    std::string(owner_label) + "=" + us_.owner,
                                    std::string(home_label) + "=" + home_.user};
    const auto found = co_await engine_.list(std::move(labels), deadline_);
    if (found.empty()) co_return std::nullopt;
    co_return co_await engine_.inspect(found.front().id, deadline_);
  }

  Task<> create() {
    if (!docker_.create_missing)
      throw BackendError("there is no container " + home_.container + ", and createMissingContainers is off",
                         "There is no box for you. Please tell the administrator.");
    ImageWish wish{known_, docker_, login_.log, login_.progress};
    (void)co_await find_image(std::move(wish), deadline_);
    std::function<Task<>(LinkKind, DiskLimit)> attempt = [this](LinkKind kind, DiskLimit disk_limit) {
      return create_once(kind, disk_limit);
    };
    Creation creation{fleet_, known_, login_, std::move(attempt)};
    kind_ = co_await create_as_able(std::move(creation));
    created_ = true;
    stay_->may_rest(id_, docker_.stop_after_idle);
    login_.log.info("DOCKER_CONTAINER_CREATE", "A box that stays was made", {{"container", home_.container}});
  }

  Task<> create_once(LinkKind kind, DiskLimit disk_limit) {
    BoxIdentity identity{{}, us_.instance, us_.owner, {}, disk_limit, home_};
    if (docker_.agentless()) {
      kind = LinkKind::attach;  // an agent that comes later is uploaded
      NewExec idle{docker_.idle_command};
      idle.input = false;
      identity.bare = std::move(idle);
    }
    if (kind == LinkKind::socket) identity.directory = fleet_->files().open_home(home_.container);
    auto container = make_container(login_, identity, kind);
    id_ = co_await engine_.create(std::move(container), deadline_);
    read_only_root_ = http::true_member(docker_.host_config, "ReadonlyRootfs");
  }

  // Starting what runs is nothing to an engine.
  Task<> start() {
    if (kind_ == LinkKind::attach && !docker_.agentless()) co_await bring_agent();
    std::exception_ptr failure;
    try {
      co_await engine_.start(id_, deadline_);
      co_return;
    } catch (const EngineError&) {
      failure = std::current_exception();
    }
    if (created_) co_await engine_.remove(id_, deadline_);
    std::rethrow_exception(failure);
  }

  Task<> bring_agent() {
    if (fleet_->residents.has_agent(id_)) co_return;
    // Into the volume that such a box has for it (container_spec.cpp).
    std::string where(read_only_root_ ? link::directory : "/");
    auto archive = fleet_->files().agent_archive(read_only_root_);
    co_await engine_.upload(id_, std::move(where), std::move(archive), deadline_);
    fleet_->residents.set_agent(id_);
  }

  // The agent must be root to become somebody else, unless the operator has said who it is to be.
  [[nodiscard]] NewExec agent_exec(std::vector<std::string> arguments) const {
    NewExec exec{{std::string(link::agent_path), "serve"}};
    exec.command.insert(exec.command.end(), arguments.begin(), arguments.end());
    if (!docker_.programs.user.empty() && http::string_member(docker_.container, "User").empty())
      exec.user = "0:0";
    return exec;
  }

  Task<backend::AgentPeer> link_by_socket(link::Setup setup) {
    const auto name = "link-" + ssh::random_hex(limits::box_bytes);
    const auto directory = fleet_->files().open_home(home_.container);
    const auto listener = std::make_shared<AgentListener>(executor_, directory, name);
    auto exec = agent_exec({"--socket", std::string(link::directory) + "/" + name});
    exec.input = false;
    const auto id = co_await engine_.create_exec(id_, std::move(exec), deadline_);
    auto stream = co_await engine_.start_exec(id, false, deadline_);
    ssh::TaskScope watching(executor_);
    watching.spawn(close_with(stream, listener, login_.log));
    watching.spawn(close_at(deadline_, [listener] { listener->close(); }));
    std::optional<LinkSocket> socket;
    try {
      socket.emplace(co_await listener->accept());
    } catch (const boost::system::system_error&) {  // told below
    }
    stream.close();
    if (!socket)
      throw BackendError("the agent in " + home_.container + " did not connect",
                         "Your box does not answer. Please tell the administrator.");
    backend::Greeting greeting{std::move(setup), login_, time_left(deadline_)};
    co_return co_await backend::greet_agent(std::move(*socket), backend::AgentLink::local,
                                            std::move(greeting));
  }

  Task<backend::AgentPeer> link_by_attach(link::Setup setup) {
    auto exec = agent_exec({"--stdio"});
    const auto id = co_await engine_.create_exec(id_, std::move(exec), deadline_);
    auto stream = co_await engine_.start_exec(id, false, deadline_);
    auto socket = bridge_attach(std::move(stream), copying_, executor_, login_.log);
    backend::Greeting greeting{std::move(setup), login_, time_left(deadline_)};
    co_return co_await backend::greet_agent(std::move(socket), backend::AgentLink::bridge,
                                            std::move(greeting));
  }

  // An agent that ends instead of connecting ends the waiting for it.
  static Task<> close_with(http::Stream stream, std::shared_ptr<AgentListener> listener, observe::Log log) {
    co_await log_attach_errors(std::move(stream), std::move(log));
    listener->close();
  }

  const std::shared_ptr<Fleet> fleet_;
  const backend::Login login_;
  const config::Docker& docker_;
  const asio::any_io_executor executor_;
  const Ourselves us_;
  const Home home_;
  const std::shared_ptr<KnownEngine> known_;
  const Engine engine_;
  ssh::TaskScope copying_;
  const Deadline deadline_;
  std::unique_ptr<Stay> stay_;
  std::string id_;
  LinkKind kind_ = LinkKind::socket;
  bool created_ = false;
  bool read_only_root_ = false;
};

Task<std::unique_ptr<backend::Box>> run_home_launch(std::shared_ptr<Fleet> fleet, backend::Login login) {
  std::exception_ptr failure;
  try {
    fleet->open();
    auto way = gateway_of(*fleet, login);
    HomeLaunch launch(fleet, std::move(login), co_await asio::this_coro::executor);
    co_return co_await through_gate(std::move(way), launch.run());
  } catch (...) {
    failure = std::current_exception();
  }
  throw explain(failure, "enter a box that stays");
}

}  // namespace

Task<std::unique_ptr<backend::Box>> launch_home(std::shared_ptr<Fleet> fleet, backend::Login login) {
  return to_the_end(run_home_launch(std::move(fleet), std::move(login)));
}

}  // namespace fairlead::docker
