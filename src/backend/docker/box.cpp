// SPDX-License-Identifier: Apache-2.0
// A box's end, wanted or not.
#include "backend/docker/box.hpp"

#include "backend/docker/end_reason.hpp"
#include "backend/docker/failure.hpp"
#include "backend/docker/to_the_end.hpp"

namespace fairlead::docker {
DockerBox::DockerBox(std::unique_ptr<Lease> lease, backend::AgentPeer peer, Copying copying)
    : lease_(std::move(lease)), peer_(std::move(peer)), copying_(std::move(copying)) {}

DockerBox::~DockerBox() {
  peer_.connection.connection.close({ssh::Errc::connection_closed, "the box is gone"});
}

std::string DockerBox::id() const {
  return lease_->container().substr(0, 12);
}

Task<> DockerBox::remove() {
  std::exception_ptr failure;
  try {
    co_await to_the_end(lease_->remove(in(lease_->fleet()->config.docker.container_stop)));
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) throw explain(failure, "remove container " + id());
}

Task<std::string> DockerBox::end_reason() {
  return docker::end_reason(*lease_);
}

}  // namespace fairlead::docker
