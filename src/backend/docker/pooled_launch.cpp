// SPDX-License-Identifier: Apache-2.0
// Which configurations share boxes.
#include "backend/docker/pooled_launch.hpp"

#include "backend/docker/launch.hpp"
#include "http/json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <utility>

namespace fairlead::docker {
namespace {

namespace json = boost::json;
using backend::BackendError;

// All that make_container(), find_image() and the choice of an engine look at. Who may not pull an image
// shall not have a box of it either, hence policy and credentials.
std::string shape_of(const config::Docker& docker) {
  const auto& auth = docker.registry_auth;
  const json::array shape{docker.host,
                          docker.cacert,
                          docker.cert,
                          docker.key,
                          docker.agent_link,
                          docker.container,
                          docker.host_config,
                          docker.network_config,
                          docker.platform,
                          docker.image_pull_policy,
                          json::array{auth.username, auth.password, auth.auth, auth.server_address,
                                      auth.identity_token, auth.registry_token},
                          backend::shape_of(docker.limits),
                          docker.programs.user.empty()};
  return json::serialize(shape);
}

Task<std::unique_ptr<backend::ReadyBox>> make_for(std::weak_ptr<Fleet> waiting, Provision provision) {
  auto fleet = waiting.lock();
  if (!fleet) throw BackendError("the backend is gone", backend::not_now);
  co_return co_await make_ahead(std::move(fleet), std::move(provision));
}

}  // namespace

std::optional<backend::Recipe> recipe_of(const std::shared_ptr<Fleet>& fleet,
                                         std::shared_ptr<const config::Config> config) {
  const auto& docker = config->docker;
  if (docker.pool.size == 0 || config::pool_obstacle(docker) != nullptr ||
      http::string_member(docker.container, "Image").empty())
    return std::nullopt;
  constexpr std::size_t label_digits = 12;
  backend::Recipe recipe;
  recipe.digest = backend::recipe_digest(shape_of(docker));
  recipe.settings = docker.pool;
  Provision provision{std::move(config), recipe.digest.substr(0, label_digits)};
  recipe.make = [waiting = std::weak_ptr(fleet), provision = std::move(provision)] {
    return make_for(waiting, provision);
  };
  return recipe;
}

Task<std::unique_ptr<backend::Box>> claim_or_launch(std::shared_ptr<Fleet> fleet,
                                                    std::shared_ptr<backend::Pool> pool, backend::Login login,
                                                    std::optional<ImageFacts> image) {
  if (pool) {
    if (auto recipe = recipe_of(fleet, login.config)) {
      auto claimed = co_await pool->claim(std::move(*recipe), login);
      if (claimed) co_return claimed;
    }
  }
  co_return co_await launch_box(std::move(fleet), std::move(login), std::move(image));
}

}  // namespace fairlead::docker
