// SPDX-License-Identifier: Apache-2.0
// Removal of one box, and of what nobody removed.
#include "backend/docker/removal.hpp"

#include "backend/docker/failure.hpp"
#include "backend/docker/limits.hpp"

#include <boost/asio/steady_timer.hpp>

#include <vector>

namespace fairlead::docker {
namespace {

namespace asio = boost::asio;

std::string label(std::string_view name, const std::string& value) {
  return std::string(name) + "=" + value;
}

// What one box may have left on an engine, and on this machine. `container` may be empty: a creation that was
// not answered may still have happened, so the engine is asked by label.
Task<> remove_box(std::shared_ptr<Fleet> fleet, Engine engine, std::string box, std::string container,
                  Deadline deadline) {
  std::vector<std::string> ids;
  if (container.empty()) {
    std::vector<std::string> labels{label(box_label, box), label(owner_label, fleet->files().owner())};
    const auto found = co_await engine.list(std::move(labels), deadline);
    for (const auto& one : found) ids.push_back(one.id);
  } else {
    ids.push_back(container);
  }
  for (const auto& id : ids) co_await engine.remove(id, deadline);
  fleet->end(box);
}

struct Abandoned {
  std::shared_ptr<Fleet> fleet;
  std::shared_ptr<KnownEngine> engine;
  std::string box, container;
};

Task<> remove_abandoned(std::shared_ptr<Abandoned> it) {
  asio::steady_timer pause(co_await asio::this_coro::executor);
  std::string reason;
  for (std::size_t attempt = 0;; ++attempt) {
    try {
      const auto deadline = in(it->fleet->config.docker.container_stop);
      co_await remove_box(it->fleet, it->engine->engine, it->box, it->container, deadline);
      co_return;
    } catch (const std::exception& error) {
      reason = error.what();
    }
    if (attempt == std::size(limits::removal_pauses)) break;
    pause.expires_after(limits::removal_pauses[attempt]);
    co_await pause.async_wait(asio::use_awaitable);
  }
  it->fleet->give_up(it->box);
  it->fleet->log.warning("DOCKER_REMOVE_FAILED",
                         "cannot remove a container now, it stays in the journal: " + reason,
                         {{"box", it->box}, {"container", it->container}});
}

// The engine was never asked to make anything of it.
void end_unused(Fleet& fleet, const std::string& box) {
  try {
    fleet.end(box);
  } catch (const std::exception& error) {
    fleet.log.warning("DOCKER_REMOVE_FAILED", error.what(), {{"box", box}});
  }
}

// Boxes to remove, shared by a few workers on one executor.
struct Sweeping {
  struct Item {
    std::shared_ptr<KnownEngine> engine;
    std::string box, container;
  };
  std::shared_ptr<Fleet> fleet;
  std::vector<Item> items;
};

Task<> sweep_worker(std::shared_ptr<Sweeping> work) {
  while (!work->items.empty()) {
    auto item = std::move(work->items.back());
    work->items.pop_back();
    try {
      const auto deadline = in(work->fleet->config.docker.container_stop);
      co_await remove_box(work->fleet, item.engine->engine, item.box, item.container, deadline);
      work->fleet->log.notice("DOCKER_LEFTOVER_REMOVED", "removed a box that was left over",
                              {{"box", item.box}});
    } catch (const std::exception& error) {
      work->fleet->log.warning("DOCKER_REMOVE_FAILED", error.what(), {{"box", item.box}});
      work->fleet->give_up(item.box);
    }
  }
}

// By label: what the engine has of ours.
Task<> find_on_engine(std::shared_ptr<Sweeping> work, Sweep what) {
  auto& fleet = *work->fleet;
  const auto engine = fleet.engine_for(fleet.config.docker);
  std::vector<std::string> labels{label(instance_label, fleet.config.instance)};
  const auto found = co_await engine->engine.list(std::move(labels), in(fleet.config.docker.http));
  std::size_t foreign = 0;
  for (const auto& container : found) {
    const auto owner = container.labels.find(std::string(owner_label));
    const auto box = container.labels.find(std::string(box_label));
    if (owner == container.labels.end() || box == container.labels.end() ||
        owner->second != fleet.files().owner() || !backend::is_plain_name(box->second)) {
      ++foreign;
    } else if (what == Sweep::everything || !fleet.lives(box->second)) {
      work->items.push_back({engine, box->second, container.id});
    }
  }
  if (foreign > 0)
    fleet.log.notice("DOCKER_FOREIGN_CONTAINERS",
                     std::to_string(foreign) + " containers of instance \"" + fleet.config.instance +
                         "\" belong to another state directory and are left alone");
}

// By journal: what the engine may have, and directories whose container is gone.
void find_in_journal(Sweeping& work, Sweep what) {
  auto& fleet = *work.fleet;
  auto boxes = fleet.given_up();
  for (const auto& entry : fleet.journal().left_over("docker")) {
    const auto* host = entry.details.if_contains("host");
    boxes[entry.id] =
        host != nullptr && host->is_string() ? std::string(host->get_string()) : fleet.config.docker.host;
  }
  if (what == Sweep::everything)
    for (auto& [box, host] : fleet.living()) boxes.emplace(box, host);
  for (const auto& item : work.items) boxes.erase(item.box);
  for (const auto& [box, host] : boxes) {
    if (auto engine = fleet.engine_at(host))
      work.items.push_back({std::move(engine), box, ""});
    else
      fleet.log.warning("DOCKER_REMOVE_FAILED", "a box is left on an engine that is not configured any more",
                        {{"box", box}, {"host", host}});
  }
}

}  // namespace

Lease::Lease(std::shared_ptr<Fleet> fleet, std::shared_ptr<KnownEngine> engine,
             asio::any_io_executor executor)
    : fleet_(std::move(fleet)),
      engine_(std::move(engine)),
      executor_(std::move(executor)),
      box_("docker-" + random_hex(limits::box_bytes)) {
  fleet_->begin(box_, engine_->host);
}

Lease::~Lease() {
  if (removed_) return;
  if (!created_) {
    end_unused(*fleet_, box_);
    return;
  }
  auto it = std::make_shared<Abandoned>(Abandoned{fleet_, engine_, box_, container_});
  asio::co_spawn(executor_, remove_abandoned(it), [it](const std::exception_ptr& failure) {
    if (failure) it->fleet->give_up(it->box);
  });
}

Task<> Lease::remove(Deadline deadline) {
  if (removed_) co_return;
  if (created_)
    co_await remove_box(fleet_, engine_->engine, box_, container_, deadline);
  else
    fleet_->end(box_);
  removed_ = true;
}

Task<> sweep(std::shared_ptr<Fleet> fleet, Sweep what) {
  auto work = std::make_shared<Sweeping>();
  work->fleet = fleet;
  co_await find_on_engine(work, what);
  find_in_journal(*work, what);
  ssh::TaskScope workers(co_await asio::this_coro::executor);
  const auto count = std::min(work->items.size(), limits::leftovers_at_once);
  for (std::size_t i = 0; i < count; ++i) workers.spawn(sweep_worker(work));
  co_await workers.join();
}

}  // namespace fairlead::docker
