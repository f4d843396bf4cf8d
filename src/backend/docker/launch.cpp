// SPDX-License-Identifier: Apache-2.0
// The way from a login to a box with an answering agent.
#include "backend/docker/launch.hpp"

#include "backend/docker/attach_bridge.hpp"
#include "backend/docker/create.hpp"
#include "backend/docker/failure.hpp"
#include "backend/docker/gated.hpp"
#include "backend/docker/removal.hpp"
#include "backend/docker/start.hpp"
#include "backend/docker/to_the_end.hpp"
#include "http/json.hpp"
#include "link/agent_link.hpp"

namespace fairlead::docker {
namespace {

namespace asio = boost::asio;
using backend::BackendError;

// What is to be made, and by when.
struct Order {
  const backend::Login& login;  // nobody's for the pool; outlives the making
  std::string pool;             // label of a box for the pool
  Deadline deadline;
};

class Making {
 public:
  Making(std::shared_ptr<Fleet> fleet, Order order, std::optional<ImageFacts> image,
         asio::any_io_executor executor)
      : login_(order.login),
        docker_(login_.config->docker),
        executor_(std::move(executor)),
        known_(fleet->engine_for(docker_)),
        engine_(known_->engine),
        lease_(make_lease(login_, fleet, known_, executor_)),
        pool_(std::move(order.pool)),
        deadline_(order.deadline),
        image_(std::move(image)) {}

  Task<std::unique_ptr<ReadyDockerBox>> run() {
    if (!image_) {
      ImageWish wish{known_, docker_, login_.log, login_.progress};
      image_ = co_await find_image(std::move(wish), deadline_);
    }
    co_await create();
    auto linking = kind_ == LinkKind::socket ? link_by_socket() : link_by_attach();
    ReadyDockerBox::Parts parts = co_await std::move(linking);
    parts.lease = std::move(lease_);
    parts.working_directory = working_directory();
    co_return std::make_unique<ReadyDockerBox>(std::move(parts));
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
    auto shape = [this](BoxIdentity& identity, LinkKind kind) { set_apart(identity, kind); };
    LeasedCreation creation{*lease_, known_, login_, shape};
    kind_ = co_await create_leased(std::move(creation), deadline_);
  }

  void set_apart(BoxIdentity& identity, LinkKind kind) const {
    identity.pool = pool_;
    if (kind != LinkKind::socket) return;
    const auto& files = lease_->fleet()->files();
    files.create(lease_->box());
    identity.directory = files.directory_of(lease_->box());
  }

  [[nodiscard]] std::string working_directory() const {
    auto configured = http::string_member(docker_.container, "WorkingDir");
    if (!configured.empty()) return configured;
    return image_ ? image_->working_directory : "";
  }

  Task<ReadyDockerBox::Parts> link_by_socket() {
    const auto listener =
        std::make_shared<AgentListener>(executor_, lease_->fleet()->files().directory_of(lease_->box()));
    const auto start =
        std::make_shared<Start>(engine_, lease_->container(), deadline_, [listener] { listener->close(); });
    start->begin(executor_);
    ReadyDockerBox::Parts parts;
    try {
      auto socket = co_await listener->accept();
      parts.link = FileDescriptor(socket.release());
    } catch (const boost::system::system_error&) {
      if (start->failure()) std::rethrow_exception(start->failure());
      throw;
    }
    start->settle();
    co_return parts;
  }

  Task<ReadyDockerBox::Parts> link_by_attach() {
    const bool volume = http::true_member(docker_.host_config, "ReadonlyRootfs");
    auto archive = lease_->fleet()->files().agent_archive(volume);
    const std::string where(volume ? link::directory : "/");
    co_await engine_.upload(lease_->container(), where, std::move(archive), deadline_);
    auto stream = co_await engine_.attach(lease_->container(), deadline_);
    ReadyDockerBox::Parts parts;
    parts.start =
        std::make_shared<Start>(engine_, lease_->container(), deadline_, [stream] { stream.close(); });
    parts.copying = make_copying(executor_);
    parts.link = FileDescriptor(bridge_attach(stream, *parts.copying, executor_, login_.log).release());
    parts.start->begin(executor_);
    co_return parts;
  }

  const backend::Login& login_;
  const config::Docker& docker_;
  const asio::any_io_executor executor_;
  const std::shared_ptr<KnownEngine> known_;
  const Engine engine_;
  std::unique_ptr<Lease> lease_;
  const std::string pool_;
  const Deadline deadline_;
  LinkKind kind_ = LinkKind::socket;
  std::optional<ImageFacts> image_;
};

// Cleans up after itself. Throws whatever went wrong.
Task<std::unique_ptr<ReadyDockerBox>> make(std::shared_ptr<Fleet> fleet, Order order,
                                           std::optional<ImageFacts> image) {
  fleet->open();
  Making making(fleet, std::move(order), std::move(image), co_await asio::this_coro::executor);
  std::exception_ptr failure;
  try {
    co_return co_await making.run();
  } catch (...) {
    failure = std::current_exception();
  }
  if (engine_answered(failure)) co_await making.clean_up();
  std::rethrow_exception(failure);
}

Task<std::unique_ptr<backend::Box>> run_launch(std::shared_ptr<Fleet> fleet, backend::Login login,
                                               std::optional<ImageFacts> image) {
  std::exception_ptr failure;
  std::unique_ptr<ReadyDockerBox> ready;
  try {
    const auto deadline = in(login.config->docker.container_start);
    auto way = gateway_of(*fleet, login);
    Order order{login, {}, deadline};
    auto making = make(std::move(fleet), std::move(order), std::move(image));
    ready = co_await through_gate(std::move(way), std::move(making));
    co_return co_await ready->first_claim(login, deadline);
  } catch (...) {
    failure = std::current_exception();
  }
  if (ready && engine_answered(failure)) co_await ready->remove(login.log);
  throw explain(failure, "start a box");
}

Task<std::unique_ptr<backend::ReadyBox>> run_make_ahead(std::shared_ptr<Fleet> fleet, Provision provision) {
  backend::Login nobody;
  nobody.config = std::move(provision.config);
  nobody.log = fleet->log;
  std::exception_ptr failure;
  std::unique_ptr<ReadyDockerBox> ready;
  try {
    Order order{nobody, std::move(provision.pool), in(nobody.config->docker.container_start)};
    std::optional<ImageFacts> not_looked_for_yet;
    ready = co_await make(std::move(fleet), std::move(order), std::move(not_looked_for_yet));
    co_await ready->started();
    co_return ready;
  } catch (...) {
    failure = std::current_exception();
  }
  if (ready && engine_answered(failure)) co_await ready->remove(nobody.log);
  throw explain(failure, "make a box ahead");
}

}  // namespace

Task<std::unique_ptr<backend::Box>> launch_box(std::shared_ptr<Fleet> fleet, backend::Login login,
                                               std::optional<ImageFacts> image) {
  return to_the_end(run_launch(std::move(fleet), std::move(login), std::move(image)));
}

Task<std::unique_ptr<backend::ReadyBox>> make_ahead(std::shared_ptr<Fleet> fleet, Provision provision) {
  return to_the_end(run_make_ahead(std::move(fleet), std::move(provision)));
}

}  // namespace fairlead::docker
