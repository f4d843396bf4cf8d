// SPDX-License-Identifier: Apache-2.0
// A running container with the link to its agent.
#pragma once

#include "backend/agent_box.hpp"
#include "backend/backend.hpp"
#include "backend/docker/attach_bridge.hpp"
#include "backend/docker/removal.hpp"

#include <memory>
#include <string>

namespace fairlead::docker {

class DockerBox final : public backend::Box {
 public:
  // `copying` are the coroutines of an attach link; null for a socket link.
  DockerBox(std::unique_ptr<Lease> lease, backend::AgentPeer peer, Copying copying);
  ~DockerBox() override;

  [[nodiscard]] ssh::AcceptedConnection& peer() override { return peer_.connection; }
  [[nodiscard]] link::DescriptorSender* data_sockets() override {
    return peer_.data_sockets ? &*peer_.data_sockets : nullptr;
  }
  [[nodiscard]] std::string id() const override;
  [[nodiscard]] Task<> remove() override;
  [[nodiscard]] Task<std::string> end_reason() override;

 private:
  std::unique_ptr<Lease> lease_;
  backend::AgentPeer peer_;
  Copying copying_;
};

}  // namespace fairlead::docker
