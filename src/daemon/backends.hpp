// SPDX-License-Identifier: Apache-2.0
// The backends that run: those that the file names from the start, others when a login is sent to one.
#pragma once

#include "backend/backend.hpp"
#include "observe/log.hpp"
#include "webhook/slots.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace fairlead::daemon {

class Backends {
 public:
  explicit Backends(observe::Log log) : log_(std::move(log)) {}

  // Starts those that do not run yet. Throws, with a sentence for the operator; what has started stays. The
  // first call comes before any get(), and all are made on one executor, where backends are prepared, one
  // after the other.
  [[nodiscard]] ssh::Task<> start(std::set<std::string> names, const config::Config& config);

  // Boxes are made ahead as `config` says, by those of `names`; the others stop it. Where start() is called.
  void keep_ready(const std::set<std::string>& names, std::shared_ptr<const config::Config> config);

  // The one that `config` chooses, started if need be, on any executor. Valid as long as this object. Throws
  // BackendError; another login tries again then.
  [[nodiscard]] ssh::Task<backend::Backend*> get(std::shared_ptr<const config::Config> config);

  // Ends all; what fails is logged. For when no login is left.
  [[nodiscard]] ssh::Task<> shut_down();

 private:
  [[nodiscard]] backend::Backend* find(const std::string& name);
  [[nodiscard]] ssh::Task<> start_one(std::string name, std::shared_ptr<const config::Config> config);

  ssh::asio::any_io_executor home_;
  observe::Log log_;
  webhook::Slots starting_{1};
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<backend::Backend>> backends_;
};

}  // namespace fairlead::daemon
