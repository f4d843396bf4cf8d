// SPDX-License-Identifier: Apache-2.0
// Looking, and pulling by policy.
#include "backend/docker/image.hpp"

#include "backend/backend.hpp"
#include "backend/docker/pull.hpp"
#include "http/json.hpp"

namespace fairlead::docker {

using backend::BackendError;

Task<ImageFacts> find_image(ImageWish wish, Deadline deadline) {
  const auto image = http::string_member(wish.docker.container, "Image");
  const auto& policy = wish.docker.image_pull_policy;
  if (image.empty())
    throw BackendError("docker.execution.container.image is empty",
                       "The server is not set up to start boxes. Please tell the administrator.");
  if (policy != "Always")
    if (auto facts = co_await wish.engine.inspect_image(image, deadline)) co_return *facts;
  if (policy == "Never")
    throw BackendError("the image " + image + " is not there, and imagePullPolicy is Never",
                       "The image of your box is not available. Please tell the administrator.");
  wish.log.notice("DOCKER_PULL", "pulling an image", {{"image", image}});
  co_await pull_image(wish.engine, image, deadline, wish.log);
  co_return (co_await wish.engine.inspect_image(image, deadline)).value_or(ImageFacts{});
}

}  // namespace fairlead::docker
