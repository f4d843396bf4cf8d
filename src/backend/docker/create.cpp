// SPDX-License-Identifier: Apache-2.0
// Asking for less.
#include "backend/docker/create.hpp"

#include "backend/docker/disk_watch.hpp"
#include "backend/docker/failure.hpp"

#include <exception>

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

}  // namespace fairlead::docker
