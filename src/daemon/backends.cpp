// SPDX-License-Identifier: Apache-2.0
// Making backends, each once.
#include "daemon/backends.hpp"

#include "backend/docker/docker.hpp"
#include "backend/oci/oci.hpp"

#include <stdexcept>
#include <utility>

namespace fairlead::daemon {
namespace {

using ssh::Task;

std::unique_ptr<backend::Backend> make_backend(const std::string& name, const config::Config& config,
                                               const observe::Log& log) {
  const observe::Log own = log.with({{"module", "backend"}, {"backend", name}});
  if (name == "oci") return backend::oci::make_oci_backend(config, own);
  if (name == "docker") return backend::make_docker_backend(config, own);
  throw std::invalid_argument("invalid backend: " + name);
}

}  // namespace

backend::Backend* Backends::find(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = backends_.find(name);
  return found == backends_.end() ? nullptr : found->second.get();
}

Task<> Backends::start_one(std::string name, std::shared_ptr<const config::Config> config) {
  const auto turn = co_await starting_.enter(std::chrono::steady_clock::time_point::max());
  if (!turn || find(name) != nullptr) co_return;
  auto made = make_backend(name, *config, log_);
  co_await made->prepare();
  const std::lock_guard lock(mutex_);
  backends_.emplace(std::move(name), std::move(made));
}

Task<> Backends::start(std::set<std::string> names, const config::Config& config) {
  if (!home_) home_ = co_await ssh::asio::this_coro::executor;
  const auto shared = std::make_shared<const config::Config>(config);
  for (const std::string& name : names) co_await start_one(name, shared);
}

void Backends::keep_ready(const std::set<std::string>& names, std::shared_ptr<const config::Config> config) {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, backend] : backends_) backend->keep_ready(names.contains(name) ? config : nullptr);
}

Task<backend::Backend*> Backends::get(std::shared_ptr<const config::Config> config) {
  const std::string name = config->backend;
  if (backend::Backend* known = find(name)) co_return known;
  log_.notice("BACKEND_STARTING", "A login is the first that needs this backend", {{"backend", name}});
  std::string failure = "the daemon stops";
  try {
    Task<> starting = start_one(name, std::move(config));
    co_await ssh::asio::co_spawn(home_, std::move(starting), ssh::asio::use_awaitable);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (backend::Backend* started = find(name)) co_return started;
  throw backend::BackendError("backend " + name + " cannot start: " + failure, backend::not_now);
}

Task<> Backends::shut_down() {
  for (const auto& [name, backend] : backends_) {
    try {
      co_await backend->shutdown();
    } catch (const std::exception& error) {
      log_.error("BACKEND_SHUTDOWN_FAILED", error.what(), {{"backend", name}});
    }
  }
}

}  // namespace fairlead::daemon
