// SPDX-License-Identifier: Apache-2.0
// One waiting coroutine for each home that nobody is in.
#include "backend/docker/idle_stop.hpp"

#include "backend/docker/failure.hpp"
#include "backend/docker/home.hpp"
#include "backend/docker/home_notes.hpp"
#include "backend/docker/limits.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace fairlead::docker {
namespace {

namespace asio = boost::asio;

struct Attended {
  std::weak_ptr<Fleet> fleet;  // a daemon that stops is not kept by an idle home
  std::shared_ptr<KnownEngine> engine;
  Stay::Place place;
};

// Whether it does not run any more.
Task<bool> stop(const Attended& attended, const Fleet& fleet, std::string container) {
  const std::vector<observe::Label> labels{{"container", attended.place.container}};
  std::exception_ptr failure;
  try {
    co_await attended.engine->engine.stop(std::move(container), limits::stop_grace,
                                          in(attended.place.stop_deadline));
    fleet.log.info("DOCKER_CONTAINER_STOP", "A box that nobody was in was stopped; its files stay", labels);
    co_return true;
  } catch (const EngineError& error) {
    if (error.status() == 404) co_return true;  // somebody has removed it
    failure = std::current_exception();
  } catch (...) {
    failure = std::current_exception();
  }
  fleet.log.warning("DOCKER_CONTAINER_STOP_FAILED", words_of(failure), labels);
  co_return false;
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
      if (co_await stop(attended, *fleet, look.container))
        drop_note(*fleet, *attended.engine, attended.place.container);
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
  keep_note(*fleet_, {engine_, place_.container, idle, place_.stop_deadline});
  if (idle.count() > 0) rest_ = {std::move(id), std::chrono::duration_cast<Residents::Clock::duration>(idle)};
}

namespace {

// As the login before would have left it.
void attend_to(const std::shared_ptr<Fleet>& fleet, const HomeNote& note, std::string id,
               const asio::any_io_executor& executor) {
  Stay passing(fleet, note.engine, {note.container, note.stop_deadline}, executor);
  passing.may_rest(std::move(id), note.stop_after_idle);
}

// Whether the note was of use, or will never be.
Task<bool> try_to_attend(std::shared_ptr<Fleet> fleet, const HomeNote& note) {
  const auto executor = co_await asio::this_coro::executor;
  const Ourselves us{fleet->config.instance, fleet->files().owner()};
  try {
    const auto found = co_await note.engine->engine.inspect(note.container, in(fleet->config.docker.http));
    if (found && found->running && is_home_of(*found, us))
      attend_to(fleet, note, found->id, executor);
    else
      drop_note(*fleet, *note.engine, note.container);
    co_return true;
  } catch (const std::exception& error) {
    fleet->log.warning("DOCKER_HOME_NOT_ATTENDED", error.what(), {{"container", note.container}});
    co_return false;
  }
}

// On an engine that only users' configurations name: the start does not wait for it.
Task<> attend_elsewhere(std::weak_ptr<Fleet> waiting, HomeNote note) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (auto pause = limits::first_removal_pause;;
       pause = std::min(2 * pause, limits::longest_removal_pause)) {
    auto fleet = waiting.lock();
    if (!fleet) co_return;
    const bool done = co_await try_to_attend(std::move(fleet), note);
    if (done) co_return;
    timer.expires_after(pause);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace

Task<> attend_running_homes(std::shared_ptr<Fleet> fleet) {
  const auto executor = co_await asio::this_coro::executor;
  const auto& settings = fleet->config.docker;
  const auto engine = fleet->engines().configured();
  std::map<std::string, HomeNote> here;  // by container
  for (auto& note : notes_left(*fleet))
    if (fleet->engines().is_configured(*note.engine))
      here[note.container] = std::move(note);
    else
      asio::co_spawn(executor, attend_elsewhere(fleet, std::move(note)), asio::detached);
  std::vector<std::string> labels{std::string(instance_label) + "=" + fleet->config.instance,
                                  std::string(owner_label) + "=" + fleet->files().owner(),
                                  std::string(home_label)};
  const auto found = co_await engine->engine.list(std::move(labels), in(settings.http));
  for (const auto& container : found) {
    if (!container.running || container.name.empty()) continue;
    const std::string name = name_for_logins(*fleet, container);
    HomeNote note{engine, name, settings.stop_after_idle, settings.container_stop};
    auto noted = here.extract(container.name);
    if (!noted) noted = here.extract(name);
    if (noted) note = std::move(noted.mapped());
    attend_to(fleet, note, container.id, executor);
  }
  for (const auto& [container, note] : here) drop_note(*fleet, *engine, container);
}

}  // namespace fairlead::docker
