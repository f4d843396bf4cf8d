// SPDX-License-Identifier: Apache-2.0
// Removal of one box, and of what nobody removed.
#include "backend/docker/removal.hpp"

#include "backend/docker/failure.hpp"
#include "backend/docker/limits.hpp"
#include "crypto/random.hpp"
#include "http/json.hpp"

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
  // Also when there was something: an engine may forget a container in mid-creation, and finish it then.
  if (!fleet->stays_absent(box))
    throw backend::BackendError("the engine has not answered its creation and may still make it",
                                backend::not_now);
  fleet->end(box);
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
  observe::Level failure_level = observe::Level::warning;

  void give_up(const Item& item, const char* reason) const {
    fleet->log.write(failure_level, "DOCKER_REMOVE_FAILED",
                     std::string("cannot remove a box now, it stays in the journal: ") + reason,
                     {{"box", item.box}, {"container", item.container}});
    fleet->give_up(item.box, item.engine);
  }
  // An engine that does not answer is not asked for every box of it: each question may cost its whole
  // deadline.
  void give_up_all_at(const KnownEngine& engine, const char* reason) {
    std::erase_if(items, [&](const Item& item) {
      if (item.engine.get() != &engine) return false;
      give_up(item, reason);
      return true;
    });
  }
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
    } catch (const http::HttpError& error) {
      work->give_up(item, error.what());
      work->give_up_all_at(*item.engine, error.what());
    } catch (const std::exception& error) {
      work->give_up(item, error.what());
    }
  }
}

Task<> run_workers(std::shared_ptr<Sweeping> work) {
  ssh::TaskScope workers(co_await asio::this_coro::executor);
  const auto count = std::min(work->items.size(), limits::leftovers_at_once);
  for (std::size_t i = 0; i < count; ++i) workers.spawn(sweep_worker(work));
  co_await workers.join();
}

// Until nothing waits any more, or until the backend is gone: it does not keep the fleet alive while it
// pauses.
Task<> retry(std::weak_ptr<Fleet> waiting) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  auto pause = limits::first_removal_pause;
  for (;;) {
    timer.expires_after(pause);
    co_await timer.async_wait(asio::use_awaitable);
    const auto work = std::make_shared<Sweeping>();
    work->fleet = waiting.lock();
    if (!work->fleet) co_return;
    work->failure_level = observe::Level::debug;  // the first failure was told
    for (auto& [box, engine] : work->fleet->take_given_up())
      work->items.push_back({std::move(engine), box, ""});
    co_await run_workers(work);
    if (work->fleet->end_retrying()) co_return;
    pause = std::min(2 * pause, limits::longest_removal_pause);
  }
}

// Whoever gave boxes up calls this: one coroutine tries for all of them.
void retry_given_up(const std::shared_ptr<Fleet>& fleet, const asio::any_io_executor& executor) {
  if (!fleet->begin_retrying()) return;
  asio::co_spawn(executor, retry(fleet), [waiting = std::weak_ptr(fleet)](const std::exception_ptr& failure) {
    if (const auto left = waiting.lock(); failure && left)
      left->log.error("DOCKER_REMOVE_FAILED",
                      "boxes that are left over are not tried again before the next start");
  });
}

// By label: what the engine has of ours.
Task<> find_on_engine(std::shared_ptr<Sweeping> work, Sweep what) {
  auto& fleet = *work->fleet;
  const auto engine = fleet.engine_for(fleet.config.docker);
  std::vector<std::string> labels{label(instance_label, fleet.config.instance)};
  const auto found = co_await engine->engine.list(std::move(labels), in(fleet.config.docker.http));
  std::size_t foreign = 0;
  for (const auto& container : found) {
    if (container.labels.contains(std::string(home_label))) continue;  // it stays, whosever it is
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

// What an earlier process left, and the engine that has it.
Fleet::Boxes left_over(Fleet& fleet) {
  Fleet::Boxes boxes;
  for (const auto& entry : fleet.journal().left_over("docker")) {
    fleet.expect_late(entry.id);  // the crash may have come between the question and the answer
    if (auto engine = fleet.engines().find(entry.details))
      boxes[entry.id] = std::move(engine);
    else
      fleet.log.warning("DOCKER_REMOVE_FAILED", "a box is left on an engine that cannot be reached any more",
                        {{"box", entry.id}, {"host", http::string_member(entry.details, "host")}});
  }
  return boxes;
}

// By journal: what the engines may have, and directories whose container is gone.
void find_in_journal(Sweeping& work, Sweeping& elsewhere, Sweep what) {
  auto& fleet = *work.fleet;
  auto boxes = fleet.take_given_up();
  boxes.merge(left_over(fleet));
  if (what == Sweep::everything) boxes.merge(fleet.living());
  for (const auto& item : work.items) boxes.erase(item.box);
  for (auto& [box, engine] : boxes) {
    auto& where = fleet.engines().is_configured(*engine) ? work : elsewhere;
    where.items.push_back({std::move(engine), box, ""});
  }
}

}  // namespace

Lease::Lease(std::shared_ptr<Fleet> fleet, std::shared_ptr<KnownEngine> engine,
             asio::any_io_executor executor)
    : fleet_(std::move(fleet)),
      engine_(std::move(engine)),
      executor_(std::move(executor)),
      box_("docker-" + ssh::random_hex(limits::box_bytes)) {
  fleet_->begin(box_, engine_);
}

Lease::~Lease() {
  // At the daemon's end somebody else has removed it (sweep()).
  if (removed_ || !fleet_->lives(box_)) return;
  if (!created_) {
    end_unused(*fleet_, box_);
    return;
  }
  if (container_.empty()) fleet_->expect_late(box_);
  const auto work = std::make_shared<Sweeping>();
  work->fleet = fleet_;
  work->items.push_back({engine_, box_, container_});
  asio::co_spawn(executor_, sweep_worker(work),
                 [fleet = fleet_, on = executor_](const std::exception_ptr&) { retry_given_up(fleet, on); });
}

std::unique_ptr<Lease> make_lease(const backend::Login& login, std::shared_ptr<Fleet> fleet,
                                  std::shared_ptr<KnownEngine> engine, asio::any_io_executor executor) {
  auto place = backend::take_place(login);
  auto lease = std::make_unique<Lease>(std::move(fleet), std::move(engine), std::move(executor));
  lease->hold(std::move(place));
  return lease;
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
  auto elsewhere = std::make_shared<Sweeping>();
  work->fleet = elsewhere->fleet = fleet;
  co_await find_on_engine(work, what);
  find_in_journal(*work, *elsewhere, what);
  const auto executor = co_await asio::this_coro::executor;
  // Only configurations of users name the other engines: the start does not wait for them.
  if (what == Sweep::everything)
    co_await run_workers(elsewhere);
  else if (!elsewhere->items.empty())
    asio::co_spawn(executor, run_workers(elsewhere),
                   [fleet, executor](const std::exception_ptr&) { retry_given_up(fleet, executor); });
  co_await run_workers(work);
  if (what == Sweep::leftovers) retry_given_up(fleet, executor);
}

}  // namespace fairlead::docker
