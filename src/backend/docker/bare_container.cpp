// SPDX-License-Identifier: Apache-2.0
// Journal, then creation.
#include "backend/docker/bare_container.hpp"

#include "backend/docker/create.hpp"
#include "backend/docker/disk_watch.hpp"

#include <functional>
#include <utility>

namespace fairlead::docker {

Task<std::unique_ptr<Lease>> create_bare(BareContainer wish, Deadline deadline) {
  const auto executor = co_await ssh::asio::this_coro::executor;
  const auto& docker = wish.login.config->docker;
  const auto known = wish.fleet->engine_for(docker);
  auto lease = make_lease(wish.login, wish.fleet, known, executor);
  std::function<Task<>(LinkKind, DiskLimit)> attempt = [&](LinkKind kind, DiskLimit disk_limit) -> Task<> {
    BoxIdentity identity{
        lease->box(), wish.fleet->config.instance, wish.fleet->files().owner(), {}, disk_limit};
    identity.bare = wish.command;
    auto container = make_container(wish.login, identity, kind);
    lease->creating();
    auto id = co_await known->engine.create(std::move(container), deadline);
    lease->set_container(std::move(id));
  };
  Creation creation{wish.fleet, known, wish.login, attempt};
  (void)co_await create_as_able(std::move(creation));
  if (docker.limits.disk && known->disk_limit == DiskLimit::watched) watch_disk(wish.fleet, known, executor);
  co_return lease;
}

}  // namespace fairlead::docker
