// SPDX-License-Identifier: Apache-2.0
// Asking for less.
#include "backend/docker/create.hpp"

#include "backend/docker/disk_watch.hpp"
#include "backend/docker/failure.hpp"

#include <exception>
#include <utility>

namespace fairlead::docker {
namespace {

struct Shape {
  LinkKind kind;
  DiskLimit disk_limit;
};

// False: nothing to be learned, the refusal stands.
bool learn_from(const std::exception_ptr& refusal, const Creation& creation, Shape& shape) {
  if (shape.disk_limit == DiskLimit::quota && is_quota_refusal(refusal)) {
    note_no_quota(*creation.fleet, *creation.known, words_of(refusal));
    return true;
  }
  if (shape.kind == LinkKind::attach || creation.login.config->docker.agent_link != "auto" ||
      !is_foreign_file_system(refusal))
    return false;
  // Not this machine's engine, whatever its socket looks like: a tunnel, or an engine in a container.
  creation.login.log.notice("DOCKER_NOT_LOCAL",
                            "the engine does not see this machine's files; agents are uploaded to it",
                            {{"engine", creation.known->host}});
  shape.kind = LinkKind::attach;
  return true;
}

Task<> create_once(const LeasedCreation& creation, BoxIdentity identity, LinkKind kind, Deadline deadline) {
  Lease& lease = creation.lease;
  creation.shape(identity, kind);
  auto container = make_container(creation.login, identity, kind);
  lease.creating();
  auto id = co_await creation.known->engine.create(std::move(container), deadline);
  lease.set_container(std::move(id));
}

}  // namespace

Task<LinkKind> create_as_able(Creation creation) {
  Shape shape{creation.known->kind, DiskLimit::quota};
  for (;;) {
    shape.disk_limit = creation.known->disk_limit;
    std::exception_ptr refusal;
    try {
      co_await creation.attempt(shape.kind, shape.disk_limit);
      creation.known->kind = shape.kind;
      co_return shape.kind;
    } catch (const EngineError&) {
      refusal = std::current_exception();
    }
    if (!learn_from(refusal, creation, shape)) std::rethrow_exception(refusal);
  }
}

Task<LinkKind> create_leased(LeasedCreation creation, Deadline deadline) {
  const auto executor = co_await ssh::asio::this_coro::executor;
  const auto fleet = creation.lease.fleet();
  auto attempt = [&](LinkKind kind, DiskLimit disk_limit) {
    BoxIdentity identity{
        creation.lease.box(), fleet->config.instance, fleet->files().owner(), {}, disk_limit};
    return create_once(creation, std::move(identity), kind, deadline);
  };
  Creation as_able{fleet, creation.known, creation.login, attempt};
  const auto kind = co_await create_as_able(std::move(as_able));
  if (creation.login.config->docker.limits.disk && creation.known->disk_limit == DiskLimit::watched)
    watch_disk(fleet, creation.known, executor);
  co_return kind;
}

}  // namespace fairlead::docker
