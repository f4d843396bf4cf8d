// SPDX-License-Identifier: Apache-2.0
// Journal, then creation.
#include "backend/docker/bare_container.hpp"

#include "backend/docker/create.hpp"

#include <utility>

namespace fairlead::docker {

Task<std::unique_ptr<Lease>> create_bare(BareContainer wish, Deadline deadline) {
  const auto executor = co_await ssh::asio::this_coro::executor;
  const auto known = wish.fleet->engine_for(wish.login.config->docker);
  auto lease = make_lease(wish.login, wish.fleet, known, executor);
  auto shape = [&wish](BoxIdentity& identity, LinkKind /*kind*/) { identity.bare = wish.command; };
  LeasedCreation creation{*lease, known, wish.login, shape};
  (void)co_await create_leased(std::move(creation), deadline);
  co_return lease;
}

}  // namespace fairlead::docker
