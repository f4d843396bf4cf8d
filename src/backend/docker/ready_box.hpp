// SPDX-License-Identifier: Apache-2.0
// A started container whose agent waits: what launch.hpp makes, for its login or for the pool.
#pragma once

#include "backend/docker/attach_bridge.hpp"
#include "backend/docker/removal.hpp"
#include "backend/docker/start.hpp"
#include "backend/ready_box.hpp"
#include "base/file_descriptor.hpp"

#include <memory>
#include <string>
#include <utility>

namespace fairlead::docker {

class ReadyDockerBox final : public backend::ReadyBox {
 public:
  struct Parts {
    std::unique_ptr<Lease> lease;
    FileDescriptor link{};            // a connected Unix stream socket
    Copying copying{};                // of an attach link; null: the agent itself is behind the socket
    std::shared_ptr<Start> start{};   // whose end was not waited for; null: the agent is there
    std::string working_directory{};  // of programs, when the login's configuration has none
  };
  explicit ReadyDockerBox(Parts parts) : parts_(std::move(parts)) {}

  [[nodiscard]] std::string id() const override { return parts_.lease->container().substr(0, 12); }
  [[nodiscard]] int link() const noexcept override { return parts_.link.get(); }
  void hold(std::shared_ptr<void> held) override { parts_.lease->hold(std::move(held)); }
  // For a login it was made ahead of: who it is goes into the journal.
  [[nodiscard]] Task<std::unique_ptr<backend::Box>> claim(const backend::Login& login) override;

  // For the login it was made for: the rest of its launch. Throws what went wrong with the start, too.
  [[nodiscard]] Task<std::unique_ptr<backend::Box>> first_claim(const backend::Login& login,
                                                                Deadline deadline);
  // Completes when the engine has started it. Throws its refusal.
  [[nodiscard]] Task<> started();
  // Removes it from the engine, or leaves that for later.
  [[nodiscard]] Task<> remove(const observe::Log& log);

 private:
  struct Patience {
    std::chrono::nanoseconds all, answer{0};
  };
  [[nodiscard]] Task<std::unique_ptr<backend::Box>> greet(const backend::Login& login, Patience patience);

  Parts parts_;
};

}  // namespace fairlead::docker
