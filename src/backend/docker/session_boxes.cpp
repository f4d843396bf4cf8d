// SPDX-License-Identifier: Apache-2.0
// The box of a login that has none of its own, but one for each session.
#include "backend/docker/session_boxes.hpp"

#include "backend/docker/failure.hpp"
#include "backend/docker/gated.hpp"
#include "backend/docker/image.hpp"
#include "backend/docker/pooled_launch.hpp"
#include "backend/docker/to_the_end.hpp"
#include "backend/local_peer.hpp"

#include <utility>

namespace fairlead::docker {
namespace {

class SessionBoxes final : public backend::Box {
 public:
  SessionBoxes(std::shared_ptr<Fleet> fleet, std::shared_ptr<backend::Pool> pool, backend::Login login,
               std::optional<ImageFacts> image, ssh::AcceptedConnection peer)
      : fleet_(std::move(fleet)),
        pool_(std::move(pool)),
        login_(std::move(login)),
        image_(std::move(image)),
        peer_(std::move(peer)) {}
  ~SessionBoxes() override { end(); }

  // Nobody is behind it: what belongs to no session is refused.
  [[nodiscard]] ssh::AcceptedConnection& peer() override { return peer_; }
  [[nodiscard]] std::string id() const override { return "one for each session"; }
  [[nodiscard]] Task<> remove() override {
    end();
    co_return;
  }
  [[nodiscard]] Task<std::string> end_reason() override { co_return ""; }

  [[nodiscard]] Task<std::unique_ptr<backend::Box>> launch_for_session() override {
    try {
      auto box = co_await claim_or_launch(fleet_, pool_, login_, image_);
      login_.log.info("BACKEND_BOX_STARTED", "A box was started for a session",
                      {{"backend", "docker"}, {"box", box->id()}});
      co_return box;
    } catch (const backend::BackendError& error) {
      login_.log.error("DOCKER_CONTAINER_CREATE_FAILED", error.what());
      throw;
    }
  }

 private:
  void end() { peer_.connection.close({ssh::Errc::connection_closed, "the login has ended"}); }

  std::shared_ptr<Fleet> fleet_;
  std::shared_ptr<backend::Pool> pool_;
  backend::Login login_;
  const std::optional<ImageFacts> image_;
  ssh::AcceptedConnection peer_;
};

bool boxes_wait(const std::shared_ptr<Fleet>& fleet, const backend::Pool* pool, const backend::Login& login) {
  const auto recipe = pool != nullptr ? recipe_of(fleet, login.config) : std::nullopt;
  return recipe && pool->has(recipe->digest);
}

Task<std::unique_ptr<backend::Box>> run_prepare(std::shared_ptr<Fleet> fleet,
                                                std::shared_ptr<backend::Pool> pool, backend::Login login) {
  const auto executor = co_await ssh::asio::this_coro::executor;
  std::exception_ptr failure;
  try {
    fleet->open();
    const auto& docker = login.config->docker;
    std::optional<ImageFacts> image;
    if (!boxes_wait(fleet, pool.get(), login)) {
      auto way = gateway_of(*fleet, login);
      ImageWish wish{way.known, docker, login.log, login.progress};
      auto finding = find_image(std::move(wish), in(docker.container_start));
      image = co_await through_gate(std::move(way), std::move(finding));
    }
    auto peer = backend::make_local_peer(executor).outside;
    co_return std::make_unique<SessionBoxes>(std::move(fleet), std::move(pool), std::move(login),
                                             std::move(image), std::move(peer));
  } catch (...) {
    failure = std::current_exception();
  }
  throw explain(failure, "find the image of a box");
}

}  // namespace

Task<std::unique_ptr<backend::Box>> prepare_session_boxes(std::shared_ptr<Fleet> fleet,
                                                          std::shared_ptr<backend::Pool> pool,
                                                          backend::Login login) {
  return to_the_end(run_prepare(std::move(fleet), std::move(pool), std::move(login)));
}

}  // namespace fairlead::docker
