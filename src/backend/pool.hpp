// SPDX-License-Identifier: Apache-2.0
// Warm boxes: made before anybody logs in, claimed once, never reused. Knows no engine; each backend has one.
//
//   the file's configuration ─ keep() ──┐                      ┌─ claim(): the oldest that lives
//   a login's configuration ─ claim() ──┴→ shelf: box box box ─┴─ death, age: dropped
//                                            ↑ refilled aside: a few at once, with growing pauses after
//                                            failures
#pragma once

#include "backend/pool_limits.hpp"
#include "backend/ready_box.hpp"
#include "config/pool.hpp"
#include "observe/log.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/array.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace fairlead::backend {

// How boxes of one configuration are made.
struct Recipe {
  // Of everything that shapes a box before its user is known: boxes of one digest serve the same logins.
  std::string digest;
  config::Pool settings;
  std::function<Task<std::unique_ptr<ReadyBox>>()> make;  // throws BackendError
};

// The limits' part in what shapes a box.
[[nodiscard]] boost::json::array shape_of(const config::Limits& limits);
// A digest of a text that says it all, in hex.
[[nodiscard]] std::string recipe_digest(const std::string& shape);

// Made by std::make_shared. Thread-safe where nothing else is said.
class Pool : public std::enable_shared_from_this<Pool> {
 public:
  // Boxes are made on `executor`, which outlives the last shutdown().
  Pool(ssh::asio::any_io_executor executor, observe::Log log);

  // What the file says now: filled at once and for as long as it is the file's. The boxes of what it said
  // before go, unless it is the same.
  void keep(std::optional<Recipe> recipe);
  // A box of the login's own that was waiting; null when there is none that is fit. From now on boxes wait
  // for this configuration. On the login's executor. Throws what the login would meet with a cold box, too.
  [[nodiscard]] Task<std::unique_ptr<Box>> claim(Recipe recipe, const Login& login);
  [[nodiscard]] bool has(const std::string& digest) const;
  [[nodiscard]] std::size_t waiting() const;
  // No box is made or given any more. Those that waited: whoever asked removes them, together with what else
  // is left, and drops them then. On the pool's executor.
  [[nodiscard]] Task<std::vector<std::unique_ptr<ReadyBox>>> shutdown();

 private:
  using Clock = std::chrono::steady_clock;
  using Watch = ssh::asio::posix::stream_descriptor;

  struct Waiting {
    std::unique_ptr<ReadyBox> box;
    std::uint64_t number = 0;
    std::weak_ptr<Watch> watch;
    Clock::time_point made, expires;
  };
  struct Shelf {
    Recipe recipe;
    std::list<Waiting> boxes;  // the oldest first
    unsigned making = 0;
    bool kept = false;     // the file's
    bool retired = false;  // was the file's, and nobody has logged in since
    Clock::time_point last_login, refill_from{};
    Clock::duration failure_pause{0};  // of the last failure; 0: it went well

    [[nodiscard]] unsigned target(Clock::time_point now) const;
  };
  using Shelves = std::map<std::string, Shelf>;

  [[nodiscard]] bool is_making() const;
  [[nodiscard]] std::optional<Waiting> take(Recipe& recipe);
  [[nodiscard]] std::optional<Waiting> take_fit(Recipe& recipe);
  // Below: on the executor.
  void wake_later();
  void look();
  void clear_away(Shelf& shelf, Clock::time_point now, std::list<Waiting>& gone);
  [[nodiscard]] std::vector<Recipe> choose_to_make(Clock::time_point now);
  [[nodiscard]] std::optional<Clock::time_point> next_look(Clock::time_point now) const;
  void set_timer(std::optional<Clock::time_point> when);
  [[nodiscard]] static Task<> make(std::shared_ptr<Pool> self, Recipe recipe);
  void put(const Recipe& recipe, std::unique_ptr<ReadyBox> box);
  [[nodiscard]] std::weak_ptr<Watch> watch(const std::string& digest, std::uint64_t number, int link);
  void end(const std::string& digest, std::uint64_t number);
  void note_failure(Shelf& shelf, const std::string& event, const std::string& what);
  void unwatch(std::weak_ptr<Watch> watched) const;

  const ssh::asio::any_io_executor executor_;
  const observe::Log log_;
  std::atomic<bool> woken_{false};
  // Both on the executor only.
  std::weak_ptr<ssh::asio::steady_timer> timer_;
  std::weak_ptr<ssh::asio::steady_timer> last_made_;  // what shutdown() waits for
  mutable std::mutex mutex_;                          // of what follows
  Shelves shelves_;                                   // by digest
  std::string last_served_;                           // whose turn it was to be filled
  std::vector<std::unique_ptr<ReadyBox>> late_;       // came after the end
  std::size_t making_ = 0;
  std::uint64_t number_ = 0;
  bool stopped_ = false;
};

}  // namespace fairlead::backend
