// SPDX-License-Identifier: Apache-2.0
// The Docker backend as the daemon sees it.
#include "backend/docker/docker.hpp"

#include "backend/docker/agentless_box.hpp"
#include "backend/docker/disk_watch.hpp"
#include "backend/docker/failure.hpp"
#include "backend/docker/fleet.hpp"
#include "backend/docker/home_launch.hpp"
#include "backend/docker/idle_stop.hpp"
#include "backend/docker/pooled_launch.hpp"
#include "backend/docker/removal.hpp"
#include "backend/docker/session_boxes.hpp"
#include "http/json.hpp"

#include <stdexcept>

namespace fairlead::backend {
namespace {

using docker::Fleet;

class DockerBackend final : public Backend {
 public:
  DockerBackend(const config::Config& config, observe::Log log)
      : fleet_(std::make_shared<Fleet>(config, std::move(log))) {}

  Task<std::unique_ptr<Box>> launch(Login login) override {
    if (login.config->docker.mode == "persistent")
      co_return co_await docker::launch_home(fleet_, std::move(login));
    if (login.config->docker.agentless())
      co_return co_await docker::launch_agentless(fleet_, std::move(login));
    if (login.config->docker.mode == "session")
      co_return co_await docker::prepare_session_boxes(fleet_, pool_, std::move(login));
    co_return co_await docker::claim_or_launch(fleet_, pool_, std::move(login));
  }

  Task<> prepare() override {
    const auto fleet = fleet_;
    const auto pool = std::make_shared<Pool>(co_await ssh::asio::this_coro::executor, fleet->log);
    fleet->open();
    const auto& settings = fleet->config.docker;
    const auto engine = fleet->engine_for(settings)->engine;
    std::exception_ptr failure;
    try {
      co_await engine.negotiate(docker::in(settings.http));
      co_await docker::sweep(fleet, docker::Sweep::leftovers);
      co_await docker::attend_running_homes(fleet);
      fleet->engines().forget_unused(fleet->journal());
      const auto image = http::string_member(settings.container, "Image");
      const auto facts = co_await engine.inspect_image(image, docker::in(settings.http));
      if (facts)
        co_await docker::try_quota(fleet);
      else
        missing_image(*fleet, image);
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) throw docker::explain(failure, "use the container engine");
    pool_ = pool;
  }

  void keep_ready(std::shared_ptr<const config::Config> file) override {
    if (pool_) pool_->keep(file ? docker::recipe_of(fleet_, std::move(file)) : std::nullopt);
  }

  Task<> shutdown() override {
    const auto fleet = fleet_;
    std::vector<std::unique_ptr<ReadyBox>> waiting;
    if (pool_) waiting = co_await pool_->shutdown();
    std::exception_ptr failure;
    try {
      fleet->open();
      co_await docker::sweep(fleet, docker::Sweep::everything);
      fleet->engines().forget_unused(fleet->journal());
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) throw docker::explain(failure, "remove the boxes that are left");
  }

  std::string name() const override { return "docker"; }

 private:
  static void missing_image(const Fleet& fleet, const std::string& image) {
    if (fleet.config.docker.image_pull_policy == "Never")
      throw BackendError(
          "the image " + image +
              " is not on the container engine, and imagePullPolicy is Never: pull or import it there",
          "The image of your box is not available. Please tell the administrator.");
    fleet.log.notice("DOCKER_IMAGE_MISSING", "the image is not there yet; the first login pulls it",
                     {{"image", image}});
  }

  std::shared_ptr<Fleet> fleet_;
  std::shared_ptr<Pool> pool_;  // from prepare()
};

}  // namespace

std::unique_ptr<Backend> make_docker_backend(const config::Config& config, observe::Log log) {
  if (http::string_member(config.docker.container, "Image").empty())
    throw std::invalid_argument("docker.execution.container.image: no image name provided");
  try {
    (void)http::Endpoint::parse(config.docker.host);
  } catch (const http::HttpError& error) {
    throw std::invalid_argument(std::string("docker.connection.host: ") + error.what());
  }
  return std::make_unique<DockerBackend>(config, std::move(log));
}

}  // namespace fairlead::backend
