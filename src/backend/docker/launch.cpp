// SPDX-License-Identifier: Apache-2.0
// The way from a login to a box with an answering agent.
#include "backend/docker/launch.hpp"

#include "backend/agent_box.hpp"
#include "backend/docker/attach_bridge.hpp"
#include "backend/docker/box.hpp"
#include "backend/docker/create.hpp"
#include "backend/docker/disk_watch.hpp"
#include "backend/docker/failure.hpp"
#include "backend/docker/removal.hpp"
#include "backend/docker/start.hpp"
#include "backend/docker/to_the_end.hpp"
#include "http/json.hpp"

namespace fairlead::docker {
namespace {

namespace asio = boost::asio;
using backend::BackendError;

class Launch {
 public:
  Launch(std::shared_ptr<Fleet> fleet, backend::Login login, std::optional<ImageFacts> image,
         asio::any_io_executor executor)
      : login_(std::move(login)),
        docker_(login_.config->docker),
        executor_(std::move(executor)),
        known_(fleet->engine_for(docker_)),
        engine_(known_->engine),
        lease_(make_lease(login_, fleet, known_, executor_)),
        copying_(executor_),
        deadline_(in(docker_.container_start)),
        image_(std::move(image)) {}

  Task<std::unique_ptr<backend::Box>> run() {
    if (!image_) {
      ImageWish wish{known_, docker_, login_.log};
      image_ = co_await find_image(std::move(wish), deadline_);
    }
    co_await create();
    auto setup = backend::make_setup(login_, docker_.programs);
    if (setup.working_directory.empty()) setup.working_directory = working_directory();
    auto peer = co_await (kind_ == LinkKind::socket ? link_by_socket(std::move(setup))
                                                    : link_by_attach(std::move(setup)));
    login_.log.debug("DOCKER_LINK", "the agent has answered",
                     {{"link", kind_ == LinkKind::socket ? "socket" : "attach"}});
    co_return std::make_unique<DockerBox>(std::move(lease_), std::move(peer), std::move(copying_));
  }

  // After a failure: what the engine has of it goes before the user is told; or later, when the engine does
  // not answer.
  Task<> clean_up() {
    try {
      co_await lease_->remove(in(docker_.container_stop));
    } catch (const std::exception& error) {
      login_.log.debug("DOCKER_REMOVE_FAILED", error.what());
    }
  }

 private:
  Task<> create() {
    std::function<Task<>(LinkKind, DiskLimit)> attempt = [this](LinkKind kind, DiskLimit disk_limit) {
      return create_once(kind, disk_limit);
    };
    Creation creation{lease_->fleet(), known_, login_, std::move(attempt)};
    kind_ = co_await create_as_able(std::move(creation));
    if (docker_.limits.disk && known_->disk_limit == DiskLimit::watched)
      watch_disk(lease_->fleet(), known_, executor_);
  }

  Task<> create_once(LinkKind kind, DiskLimit disk_limit) {
    const auto& fleet = *lease_->fleet();
    BoxIdentity identity{lease_->box(), fleet.config.instance, fleet.files().owner(), {}, disk_limit};
    if (kind == LinkKind::socket) {
      fleet.files().create(lease_->box());
      identity.directory = fleet.files().directory_of(lease_->box());
    }
    auto container = make_container(login_, identity, kind);
    lease_->creating();
    auto id = co_await engine_.create(std::move(container), deadline_);
    lease_->set_container(std::move(id));
  }

  [[nodiscard]] std::string working_directory() const {
    auto configured = http::string_member(docker_.container, "WorkingDir");
    if (!configured.empty()) return configured;
    return image_ ? image_->working_directory : "";
  }

  [[nodiscard]] std::chrono::nanoseconds time_left() const {
    return std::max<std::chrono::nanoseconds>(deadline_ - std::chrono::steady_clock::now(),
                                              std::chrono::milliseconds(1));
  }

  Task<backend::AgentPeer> link_by_socket(link::Setup setup) {
    const auto listener =
        std::make_shared<AgentListener>(executor_, lease_->fleet()->files().directory_of(lease_->box()));
    const auto start =
        std::make_shared<Start>(engine_, lease_->container(), deadline_, [listener] { listener->close(); });
    start->begin(executor_);
    std::optional<LinkSocket> socket;
    try {
      socket.emplace(co_await listener->accept());
    } catch (const boost::system::system_error&) {
      if (start->failure()) std::rethrow_exception(start->failure());
      throw;
    }
    start->settle();
    backend::Greeting greeting{std::move(setup), login_, time_left()};
    co_return co_await backend::greet_agent(std::move(*socket), backend::AgentLink::local,
                                            std::move(greeting));
  }

  Task<backend::AgentPeer> link_by_attach(link::Setup setup) {
    const bool volume = http::true_member(docker_.host_config, "ReadonlyRootfs");
    auto archive = lease_->fleet()->files().agent_archive(volume);
    const std::string where(volume ? link::directory : "/");
    co_await engine_.upload(lease_->container(), where, std::move(archive), deadline_);
    auto stream = co_await engine_.attach(lease_->container(), deadline_);
    const auto start =
        std::make_shared<Start>(engine_, lease_->container(), deadline_, [stream] { stream.close(); });
    auto socket = bridge_attach(stream, copying_, executor_, login_.log);
    start->begin(executor_);
    std::exception_ptr failure;
    try {
      backend::Greeting greeting{std::move(setup), login_, time_left()};
      auto peer =
          co_await backend::greet_agent(std::move(socket), backend::AgentLink::bridge, std::move(greeting));
      start->settle();
      co_return peer;
    } catch (...) {
      failure = std::current_exception();
    }
    // A container that did not start tells more than a stream that ended.
    co_await start->answered();
    if (start->failure()) failure = start->failure();
    start->settle();
    std::rethrow_exception(failure);
  }

  const backend::Login login_;
  const config::Docker& docker_;
  const asio::any_io_executor executor_;
  const std::shared_ptr<KnownEngine> known_;
  const Engine engine_;
  std::unique_ptr<Lease> lease_;
  ssh::TaskScope copying_;
  const Deadline deadline_;
  LinkKind kind_ = LinkKind::socket;
  std::optional<ImageFacts> image_;
};

Task<std::unique_ptr<backend::Box>> run_launch(std::shared_ptr<Fleet> fleet, backend::Login login,
                                               std::optional<ImageFacts> image) {
  std::exception_ptr failure;
  std::unique_ptr<Launch> launch;
  try {
    fleet->open();
    launch = std::make_unique<Launch>(fleet, std::move(login), std::move(image),
                                      co_await asio::this_coro::executor);
    co_return co_await launch->run();
  } catch (...) {
    failure = std::current_exception();
  }
  if (launch && engine_answered(failure)) co_await launch->clean_up();
  throw explain(failure, "start a box");
}

}  // namespace

Task<std::unique_ptr<backend::Box>> launch_box(std::shared_ptr<Fleet> fleet, backend::Login login,
                                               std::optional<ImageFacts> image) {
  return to_the_end(run_launch(std::move(fleet), std::move(login), std::move(image)));
}

}  // namespace fairlead::docker
