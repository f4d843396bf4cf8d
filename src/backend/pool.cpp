// SPDX-License-Identifier: Apache-2.0
// Shelves of waiting boxes: who claims takes from them under the mutex, everything else happens on one
// executor.
#include "backend/pool.hpp"

#include "crypto/hash.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>
#include <utility>

namespace fairlead::backend {
namespace {

namespace asio = ssh::asio;

std::int64_t seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time).count();
}

// The OCI backend has four threads at least, and logins that start cold need theirs; engines serialise most
// of a creation anyway.
std::size_t making_at_once() {
  return std::max<std::size_t>(2, std::thread::hardware_concurrency() / 2);
}

// A waiting box has up to four descriptors of the daemon's: half of them are left for logins.
std::size_t most_waiting() {
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return config::most_waiting_boxes;
  return std::min<std::size_t>(config::most_waiting_boxes, descriptors.rlim_cur / 8);
}

// An agent that waits has said nothing: whatever there is to be read is its end, or a lie.
bool is_silent(int link) {
  pollfd look{link, POLLIN | POLLRDHUP, 0};
  return ::poll(&look, 1, 0) == 0;
}

template <class Value>
boost::json::value or_null(const std::optional<Value>& value) {
  return value ? boost::json::value(*value) : boost::json::value();
}

}  // namespace

boost::json::array shape_of(const config::Limits& limits) {
  return {or_null(limits.memory), or_null(limits.cpus), or_null(limits.pids), or_null(limits.disk)};
}

std::string recipe_digest(const std::string& shape) {
  const auto bytes = ssh::digest("SHA256", {ssh::as_bytes(shape)});
  std::string text;
  for (const std::byte one : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(one));
  return text;
}

Pool::Pool(asio::any_io_executor executor, observe::Log log)
    : executor_(std::move(executor)), log_(std::move(log)) {}

unsigned Pool::Shelf::target(Clock::time_point now) const {
  if (kept) return recipe.settings.size;
  const auto most = std::chrono::duration_cast<Clock::duration>(recipe.settings.max_idle);
  return retired || now - last_login >= most ? 0 : recipe.settings.size;
}

void Pool::keep(std::optional<Recipe> recipe) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return;
    for (auto& [digest, shelf] : shelves_) {
      shelf.retired = shelf.retired || (shelf.kept && !(recipe && recipe->digest == digest));
      shelf.kept = false;
    }
    if (recipe) {
      Shelf& shelf = shelves_[recipe->digest];
      shelf.recipe = std::move(*recipe);
      shelf.kept = true;
      shelf.retired = false;
    }
  }
  wake_later();
}

std::optional<Pool::Waiting> Pool::take(Recipe& recipe) {
  std::optional<Waiting> taken;
  {
    const auto now = Clock::now();
    const std::scoped_lock lock(mutex_);
    if (stopped_) return {};
    auto found = shelves_.find(recipe.digest);
    if (found == shelves_.end()) {
      if (shelves_.size() >= limits::pool_configurations) return {};
      found = shelves_.try_emplace(recipe.digest).first;
    }
    Shelf& shelf = found->second;
    if (shelf.boxes.size() + shelf.making >= shelf.recipe.settings.size)
      shelf.refill_from = std::max(shelf.refill_from, now + limits::refill_pause);
    shelf.recipe = recipe;
    shelf.last_login = now;
    shelf.retired = false;
    if (!shelf.boxes.empty()) {
      taken = std::move(shelf.boxes.front());
      shelf.boxes.pop_front();
    }
  }
  if (taken) unwatch(taken->watch);
  wake_later();
  return taken;
}

// Files of an image are looked at here, hence without the mutex.
std::optional<Pool::Waiting> Pool::take_fit(Recipe& recipe) {
  for (;;) {
    auto taken = take(recipe);
    if (!taken || (is_silent(taken->box->link()) && taken->box->is_current())) return taken;
    log_.notice("POOL_BOX_UNFIT", "A waiting box has ended or is out of date, and is not handed out",
                {{"box", taken->box->id()}});
  }
}

Task<std::unique_ptr<Box>> Pool::claim(Recipe recipe, const Login& login) {
  const auto place = take_place(login);  // before a box is spent on a login that may have none
  for (int tries = 0; tries < limits::claims; ++tries) {
    auto taken = take_fit(recipe);
    if (!taken) break;
    const std::string id = taken->box->id();
    taken->box->hold(place);
    try {
      auto box = co_await taken->box->claim(login);
      login.log.info("BACKEND_BOX_CLAIMED", "A waiting box was made this login's",
                     {{"box", id}, {"waitedSeconds", seconds(Clock::now() - taken->made)}});
      const std::scoped_lock lock(mutex_);
      if (const auto shelf = shelves_.find(recipe.digest); shelf != shelves_.end())
        shelf->second.failure_pause = {};
      co_return box;
    } catch (const DeadBox& error) {
      login.log.notice("POOL_BOX_DEAD", error.what(), {{"box", id}});
    }
  }
  co_return nullptr;
}

bool Pool::has(const std::string& digest) const {
  const std::scoped_lock lock(mutex_);
  const auto shelf = shelves_.find(digest);
  return shelf != shelves_.end() && !shelf->second.boxes.empty();
}

std::size_t Pool::waiting() const {
  const std::scoped_lock lock(mutex_);
  std::size_t sum = 0;
  for (const auto& [digest, shelf] : shelves_) sum += shelf.boxes.size();
  return sum;
}

Task<std::vector<std::unique_ptr<ReadyBox>>> Pool::shutdown() {
  Shelves left;
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    left.swap(shelves_);
  }
  set_timer({});
  std::vector<std::unique_ptr<ReadyBox>> boxes;
  for (auto& [digest, shelf] : left) {
    for (Waiting& one : shelf.boxes) {
      unwatch(one.watch);
      boxes.push_back(std::move(one.box));
    }
  }
  const auto last_made = std::make_shared<asio::steady_timer>(executor_, limits::shutdown_wait);
  last_made_ = last_made;
  if (is_making()) {
    boost::system::error_code made;
    co_await last_made->async_wait(asio::redirect_error(asio::use_awaitable, made));
  }
  const std::scoped_lock lock(mutex_);
  for (auto& box : std::exchange(late_, {})) boxes.push_back(std::move(box));
  co_return boxes;
}

bool Pool::is_making() const {
  const std::scoped_lock lock(mutex_);
  return making_ > 0;
}

void Pool::wake_later() {
  if (woken_.exchange(true)) return;
  asio::post(executor_, [waiting = weak_from_this()] {
    if (const auto self = waiting.lock()) self->look();
  });
}

// Drops what is too old or too many, begins to make what is missing, and says when to look again.
void Pool::look() {
  woken_ = false;
  std::list<Waiting> gone;  // dropped after the mutex
  std::vector<Recipe> wanted;
  {
    const auto now = Clock::now();
    const std::scoped_lock lock(mutex_);
    if (stopped_) return;
    for (auto& [digest, shelf] : shelves_) clear_away(shelf, now, gone);
    std::erase_if(shelves_, [&](const auto& entry) {
      const Shelf& shelf = entry.second;
      return !shelf.kept && shelf.target(now) == 0 && shelf.making == 0;
    });
    wanted = choose_to_make(now);
    set_timer(next_look(now));
  }
  for (const Waiting& one : gone) unwatch(one.watch);
  for (Recipe& recipe : wanted)
    asio::co_spawn(executor_, make(shared_from_this(), std::move(recipe)), [](const std::exception_ptr&) {});
}

void Pool::clear_away(Shelf& shelf, Clock::time_point now, std::list<Waiting>& gone) {
  const std::size_t most = shelf.target(now);
  for (auto one = shelf.boxes.begin(); one != shelf.boxes.end();) {
    const auto here = one++;
    if (here->expires <= now || shelf.boxes.size() > most) gone.splice(gone.end(), shelf.boxes, here);
  }
}

// In turn, so that one configuration with many logins does not keep the others empty.
std::vector<Recipe> Pool::choose_to_make(Clock::time_point now) {
  std::size_t boxes = making_;
  for (const auto& [digest, shelf] : shelves_) boxes += shelf.boxes.size();
  std::vector<Recipe> wanted;
  auto next = shelves_.upper_bound(last_served_);
  const std::size_t most = most_waiting();
  for (std::size_t full = 0; full < shelves_.size() && making_ < making_at_once() && boxes < most; ++next) {
    if (next == shelves_.end()) next = shelves_.begin();
    Shelf& shelf = next->second;
    if (shelf.refill_from > now || shelf.boxes.size() + shelf.making >= shelf.target(now)) {
      ++full;
      continue;
    }
    full = 0;
    ++shelf.making;
    ++making_;
    ++boxes;
    last_served_ = next->first;
    wanted.push_back(shelf.recipe);
  }
  return wanted;
}

// What ends otherwise (a box made, claimed or dead) wakes by itself.
std::optional<Pool::Clock::time_point> Pool::next_look(Clock::time_point now) const {
  std::optional<Clock::time_point> next;
  const auto consider = [&](Clock::time_point when) {
    if (when > now && (!next || when < *next)) next = when;
  };
  for (const auto& [digest, shelf] : shelves_) {
    for (const Waiting& one : shelf.boxes) consider(one.expires);
    if (!shelf.kept)
      consider(shelf.last_login +
               std::chrono::duration_cast<Clock::duration>(shelf.recipe.settings.max_idle));
    consider(shelf.refill_from);
  }
  return next;
}

// The handler owns the timer, as that of a watch does: both then go with the executor, should it end first.
void Pool::set_timer(std::optional<Clock::time_point> when) {
  if (const auto before = timer_.lock()) before->cancel();
  timer_.reset();
  if (!when) return;
  const auto timer = std::make_shared<asio::steady_timer>(executor_, *when);
  timer_ = timer;
  timer->async_wait([timer, waiting = weak_from_this()](boost::system::error_code code) {
    const auto self = waiting.lock();
    if (!code && self) self->look();
  });
}

Task<> Pool::make(std::shared_ptr<Pool> self, Recipe recipe) {
  std::unique_ptr<ReadyBox> box;
  std::string failure;
  try {
    box = co_await recipe.make();
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (box) self->put(recipe, std::move(box));
  {
    const std::scoped_lock lock(self->mutex_);
    --self->making_;
    const auto shelf = self->shelves_.find(recipe.digest);
    if (shelf != self->shelves_.end()) {
      --shelf->second.making;
      if (!failure.empty()) self->note_failure(shelf->second, "POOL_REFILL_FAILED", failure);
    }
  }
  const auto awaited = self->last_made_.lock();
  if (awaited && !self->is_making()) awaited->cancel();
  self->wake_later();
}

void Pool::put(const Recipe& recipe, std::unique_ptr<ReadyBox> box) {
  const int link = box->link();
  const std::string id = box->id();
  std::uint64_t number = 0;
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) {
      late_.push_back(std::move(box));
      return;
    }
    Waiting one;
    one.box = std::move(box);
    one.number = number = ++number_;
    one.made = Clock::now();
    // Boxes made together do not go together: their ages end within the last quarter of maxAge.
    const auto most = std::chrono::duration_cast<Clock::duration>(recipe.settings.max_age);
    one.expires = one.made + most * static_cast<int>(75 + number * 7 % 26) / 100;
    one.watch = watch(recipe.digest, number, link);
    shelves_[recipe.digest].boxes.push_back(std::move(one));
  }
  log_.debug("POOL_BOX_READY", "A box waits for a login", {{"box", id}});
}

// A descriptor of our own for it: who claims the box takes its link to another thread.
std::weak_ptr<Pool::Watch> Pool::watch(const std::string& digest, std::uint64_t number, int link) {
  const int own = ::fcntl(link, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return {};  // claim() looks, too
  const auto watched = std::make_shared<Watch>(executor_, own);
  watched->async_wait(Watch::wait_read,
                      [watched, digest, number, waiting = weak_from_this()](boost::system::error_code code) {
                        const auto self = waiting.lock();
                        if (!code && self) self->end(digest, number);
                      });
  return watched;
}

void Pool::unwatch(std::weak_ptr<Watch> watched) const {
  asio::post(executor_, [watched = std::move(watched)] {
    if (const auto own = watched.lock()) own->cancel();
  });
}

void Pool::end(const std::string& digest, std::uint64_t number) {
  std::list<Waiting> gone;
  {
    const std::scoped_lock lock(mutex_);
    const auto shelf = shelves_.find(digest);
    if (shelf == shelves_.end()) return;
    std::list<Waiting>& boxes = shelf->second.boxes;
    const auto ended = std::ranges::find(boxes, number, &Waiting::number);
    if (ended == boxes.end()) return;
    // One that has lived is no sign that the next one will not.
    if (Clock::now() - ended->made > limits::longest_failure_pause) shelf->second.failure_pause = {};
    gone.splice(gone.end(), boxes, ended);
    note_failure(shelf->second, "POOL_BOX_ENDED", "a waiting box has ended: " + gone.front().box->id());
  }
  wake_later();
}

void Pool::note_failure(Shelf& shelf, const std::string& event, const std::string& what) {
  const auto now = Clock::now();
  const bool first = shelf.failure_pause == Clock::duration::zero();
  if (!first && shelf.refill_from > now) return;  // one of several at once
  shelf.failure_pause =
      first ? Clock::duration(limits::first_failure_pause)
            : std::min<Clock::duration>(2 * shelf.failure_pause, limits::longest_failure_pause);
  shelf.refill_from = now + shelf.failure_pause;
  log_.write(first ? observe::Level::warning : observe::Level::debug, event, what,
             {{"pauseSeconds", seconds(shelf.failure_pause)}});
}

}  // namespace fairlead::backend
