// SPDX-License-Identifier: Apache-2.0
// One waiting coroutine for each home that nobody is in.
#include "backend/docker/idle_stop.hpp"

#include "backend/docker/failure.hpp"
#include "backend/docker/home.hpp"
#include "backend/docker/limits.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>

#include <utility>

namespace fairlead::docker {
namespace {

namespace asio = boost::asio;

struct Attended {
  std::weak_ptr<Fleet> fleet;  // a daemon that stops is not kept by an idle home
  std::shared_ptr<KnownEngine> engine;
  Stay::Place place;
};

Task<> stop(const Attended& attended, const Fleet& fleet, std::string container) {
  const std::vector<observe::Label> labels{{"container", attended.place.container}};
  std::exception_ptr failure;
  try {
    co_await attended.engine->engine.stop(std::move(container), limits::stop_grace,
                                          in(attended.place.stop_deadline));
    fleet.log.info("DOCKER_CONTAINER_STOP", "A box that nobody was in was stopped; its files stay", labels);
    co_return;
  } catch (const EngineError& error) {
    if (error.status() == 404) co_return;  // somebody has removed it
    failure = std::current_exception();
  } catch (...) {
    failure = std::current_exception();
  }
  fleet.log.warning("DOCKER_CONTAINER_STOP_FAILED", words_of(failure), labels);
}

Task<> attend(Attended attended) {
  const auto home = home_key(*attended.engine, attended.place.container);
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    auto fleet = attended.fleet.lock();
    if (!fleet) co_return;
    const auto look = fleet->residents.look(home);
    if (look.what == Residents::Look::Do::nothing) co_return;
    if (look.what == Residents::Look::Do::stop) {
      co_await stop(attended, *fleet, look.container);
      fleet->residents.stopped(home);
      co_return;
    }
    fleet.reset();
    timer.expires_at(look.until);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

// The name by which logins come to it, whatever somebody has called the container since.
std::string name_for_logins(const Fleet& fleet, const ListedContainer& container) {
  const auto& settings = fleet.config.docker;
  const auto user = container.labels.find(std::string(home_label));
  if (!settings.container_name.empty() || user == container.labels.end()) return container.name;
  return home_of(settings, {fleet.config.instance, fleet.files().owner()}, user->second).container;
}

}  // namespace

Stay::Stay(std::shared_ptr<Fleet> fleet, std::shared_ptr<KnownEngine> engine, Place place,
           asio::any_io_executor executor)
    : fleet_(std::move(fleet)),
      engine_(std::move(engine)),
      place_(std::move(place)),
      executor_(std::move(executor)),
      stopping_(fleet_->residents.enter(home_key(*engine_, place_.container))) {}

Stay::~Stay() {
  if (!fleet_->residents.leave(home_key(*engine_, place_.container), rest_)) return;
  asio::co_spawn(executor_, attend({fleet_, engine_, place_}), asio::detached);
}

void Stay::may_rest(std::string id, std::chrono::nanoseconds idle) {
  if (idle.count() > 0) rest_ = {std::move(id), std::chrono::duration_cast<Residents::Clock::duration>(idle)};
}

Task<> attend_running_homes(std::shared_ptr<Fleet> fleet) {
  const auto executor = co_await asio::this_coro::executor;
  const auto& settings = fleet->config.docker;
  const auto engine = fleet->engine_for(settings);
  std::vector<std::string> labels{std::string(instance_label) + "=" + fleet->config.instance,
                                  std::string(owner_label) + "=" + fleet->files().owner(),
                                  std::string(home_label)};
  const auto found = co_await engine->engine.list(std::move(labels), in(settings.http));
  for (const auto& container : found)
    if (container.running && !container.name.empty()) {
      Stay passing(fleet, engine, {name_for_logins(*fleet, container), settings.container_stop}, executor);
      passing.may_rest(container.id, settings.stop_after_idle);
    }
}

}  // namespace fairlead::docker
