// SPDX-License-Identifier: Apache-2.0
// Looking, and pulling by policy.
#include "backend/docker/image.hpp"

#include "backend/docker/pull.hpp"
#include "backend/docker/registry_header.hpp"
#include "http/json.hpp"

#include <utility>

namespace fairlead::docker {
namespace {

using backend::BackendError;

Task<> pull(const ImageWish& wish, const std::string& image, Deadline deadline) {
  const auto began = Pulls::Clock::now();
  wish.log.notice("DOCKER_PULL", "pulling an image", {{"image", image}});
  auto& audience = wish.known->pulls.audience;
  PullOrder order{image, registry_header(wish.docker.registry_auth),
                  [&audience, image](const backend::Progress& progress) { audience.tell(image, progress); }};
  co_await pull_image(wish.known->engine, std::move(order), deadline, wish.log);
  wish.known->pulls.note(image, began);
}

}  // namespace

Task<ImageFacts> find_image(ImageWish wish, Deadline deadline) {
  const auto came = Pulls::Clock::now();
  const auto& engine = wish.known->engine;
  const auto image = http::string_member(wish.docker.container, "Image");
  const auto& policy = wish.docker.image_pull_policy;
  if (image.empty())
    throw BackendError("docker.execution.container.image is empty",
                       "The server is not set up to start boxes. Please tell the administrator.");
  if (policy != "Always")
    if (auto facts = co_await engine.inspect_image(image, deadline)) co_return *facts;
  if (policy == "Never")
    throw BackendError("the image " + image + " is not there, and imagePullPolicy is Never",
                       "The image of your box is not available. Please tell the administrator.");
  const auto executor = co_await ssh::asio::this_coro::executor;
  const auto seat = wish.known->pulls.audience.enter(image, executor, wish.progress);
  const auto turn = co_await wish.known->pulls.turns.take(image);
  if (!wish.known->pulls.began_since(image, came)) {
    if (policy != "Always")
      if (auto facts = co_await engine.inspect_image(image, deadline)) co_return *facts;
    co_await pull(wish, image, deadline);
  }
  co_return (co_await engine.inspect_image(image, deadline)).value_or(ImageFacts{});
}

}  // namespace fairlead::docker
