// SPDX-License-Identifier: Apache-2.0
// Stops boxes that stay once nobody has been in them for their idle time; files and names remain.
#pragma once

#include "backend/docker/fleet.hpp"

#include <memory>
#include <optional>
#include <string>

namespace fairlead::docker {

// A login's being in a home, from before the home is looked for until this is destroyed.
class Stay {
 public:
  struct Place {
    std::string container;                   // its name
    std::chrono::nanoseconds stop_deadline;  // of the engine's answer when it is stopped
  };
  Stay(std::shared_ptr<Fleet> fleet, std::shared_ptr<KnownEngine> engine, Place place,
       ssh::asio::any_io_executor executor);
  ~Stay();
  Stay(const Stay&) = delete;
  Stay& operator=(const Stay&) = delete;

  // The container turned out to be ours: it may be stopped. An idle time of 0 is none.
  void may_rest(std::string id, std::chrono::nanoseconds idle);
  // The container was being stopped when this login came: it must be waited for before it is started.
  [[nodiscard]] bool came_while_stopping() const noexcept { return stopping_; }

 private:
  std::shared_ptr<Fleet> fleet_;
  std::shared_ptr<KnownEngine> engine_;
  Place place_;
  ssh::asio::any_io_executor executor_;
  std::optional<Residents::Rest> rest_;
  bool stopping_ = false;
};

// At start: homes of an earlier process run on without anybody to stop them. Throws what Engine throws.
[[nodiscard]] Task<> attend_running_homes(std::shared_ptr<Fleet> fleet);

}  // namespace fairlead::docker
