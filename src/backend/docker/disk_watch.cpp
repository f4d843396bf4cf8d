// SPDX-License-Identifier: Apache-2.0
// Asks an engine what its boxes have written, and ends those that wrote too much.
#include "backend/docker/disk_watch.hpp"

#include "backend/docker/failure.hpp"
#include "backend/docker/limits.hpp"
#include "backend/docker/removal.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <charconv>

namespace fairlead::docker {
namespace {

namespace asio = boost::asio;

// Our own label; 0 when somebody else wrote it.
std::int64_t limit_of(const ListedContainer& container) {
  const auto found = container.labels.find(std::string(disk_label));
  std::int64_t limit = 0;
  if (found != container.labels.end())
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), limit);
  return limit;
}

Task<> end_box(Fleet& fleet, const Engine& engine, const ListedContainer& container) {
  const auto box = container.labels.find(std::string(box_label));
  if (box == container.labels.end() || !fleet.lives(box->second)) co_return;
  fleet.set_end_reason(box->second, "The box used more disk space than it may.");
  fleet.log.notice("DOCKER_DISK_LIMIT", "a box wrote more than limits.disk and is ended",
                   {{"box", box->second}, {"written", container.written}});
  co_await engine.kill(container.id, "KILL", in(fleet.config.docker.http));
}

Task<> look(std::shared_ptr<Fleet> fleet, std::shared_ptr<KnownEngine> engine) {
  std::vector<std::string> labels{std::string(instance_label) + "=" + fleet->config.instance,
                                  std::string(owner_label) + "=" + fleet->files().owner(),
                                  std::string(disk_label)};
  const auto deadline = in(fleet->config.docker.http);
  const auto found = co_await engine->engine.list(std::move(labels), deadline, ListSizes::yes);
  for (const auto& container : found)
    if (const auto limit = limit_of(container); limit > 0 && container.written > limit)
      co_await end_box(*fleet, engine->engine, container);
}

Task<> watch(std::weak_ptr<Fleet> watched, std::shared_ptr<KnownEngine> engine) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  std::chrono::steady_clock::duration pause = limits::disk_look;
  for (;;) {
    timer.expires_after(pause);
    co_await timer.async_wait(asio::use_awaitable);
    const auto fleet = watched.lock();
    if (!fleet) co_return;
    if (!fleet->any_lives_at(*engine)) {
      engine->disk_watched = false;
      // A box that came in between has seen a watch that ends: then this one goes on.
      if (!fleet->any_lives_at(*engine) || engine->disk_watched.exchange(true)) co_return;
    }
    const auto begun = std::chrono::steady_clock::now();
    try {
      co_await look(fleet, engine);
    } catch (const std::exception& error) {
      fleet->log.debug("DOCKER_DISK_WATCH_FAILED", error.what());
    }
    const auto took = std::chrono::steady_clock::now() - begun;
    pause = std::max<std::chrono::steady_clock::duration>(limits::disk_look, limits::disk_look_share * took);
  }
}

}  // namespace

void note_no_quota(Fleet& fleet, KnownEngine& engine, const std::string& words) {
  if (engine.disk_limit.exchange(DiskLimit::watched) == DiskLimit::watched) return;
  fleet.log.warning(
      "DOCKER_NO_QUOTA",
      "the engine cannot bound what a container writes (it takes overlay2 on xfs with pquota, btrfs "
      "or zfs): limits.disk is held by looking, and a box that wrote more is ended",
      {{"engine", engine.host}, {"reason", words}});
}

Task<> try_quota(std::shared_ptr<Fleet> fleet) {
  if (!fleet->config.docker.limits.disk) co_return;
  const auto engine = fleet->engine_for(fleet->config.docker);
  const auto executor = co_await asio::this_coro::executor;
  Lease lease(fleet, engine, executor);
  backend::Login nobody;
  nobody.config = std::make_shared<const config::Config>(fleet->config);
  auto container = make_container(
      nobody, {lease.box(), fleet->config.instance, fleet->files().owner(), {}, DiskLimit::quota},
      LinkKind::attach);
  container.name.clear();
  const auto deadline = in(fleet->config.docker.container_start);
  try {
    lease.creating();
    lease.set_container(co_await engine->engine.create(std::move(container), deadline));
  } catch (const EngineError& error) {
    if (is_quota_refusal(std::current_exception())) note_no_quota(*fleet, *engine, error.what());
  }
  try {
    co_await lease.remove(deadline);
  } catch (const EngineError&) {  // it is tried again
  }
}

void watch_disk(const std::shared_ptr<Fleet>& fleet, const std::shared_ptr<KnownEngine>& engine,
                const asio::any_io_executor& executor) {
  if (engine->disk_watched.exchange(true)) return;
  asio::co_spawn(executor, watch(fleet, engine), [engine](const std::exception_ptr&) {
    engine->disk_watched = false;  // should it have failed, the next box begins another one
  });
}

}  // namespace fairlead::docker
