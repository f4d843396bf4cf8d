// SPDX-License-Identifier: Apache-2.0
// The health endpoint (services.md section 6.2): 200 while logins are served, 503 before and while stopping.
#pragma once

#include "config/http.hpp"
#include "http/server.hpp"
#include "observe/log.hpp"

#include <fairlead/ssh/async.hpp>

#include <memory>
#include <optional>
#include <string>

namespace fairlead::daemon {

// Serves on `executor` as long as it lives; every use is there. Does nothing, and listens nowhere, unless
// `enable` is set.
class Health {
 public:
  // Throws std::runtime_error with a sentence.
  Health(const ssh::asio::any_io_executor& executor, const config::Health& config, const observe::Log& log);

  void set(bool healthy) { *healthy_ = healthy; }
  // Certificates and keys are read again; without `enable` it listens no more. Throws as the constructor
  // does, and then nothing has changed.
  void reload(const config::Health& config);

 private:
  [[nodiscard]] std::unique_ptr<http::Server> open(const config::Health& config) const;
  void serve(std::unique_ptr<http::Server> server, std::string listen);

  ssh::asio::any_io_executor executor_;
  observe::Log log_;
  std::shared_ptr<bool> healthy_ = std::make_shared<bool>(false);
  std::string listen_;  // as it was written
  std::unique_ptr<http::Server> server_;
  ssh::TaskScope serving_;
};

// To any path and method; Accept decides between JSON and text.
[[nodiscard]] http::Response health_answer(bool healthy, const http::Request& request);

// `--healthcheck`: asks `health.client`. True also when `health.enable` is not set. What went wrong is in the
// log.
[[nodiscard]] bool check_health(const config::Health& config, const observe::Log& log);

}  // namespace fairlead::daemon
