// SPDX-License-Identifier: Apache-2.0
// What all boxes of one Docker backend share: engines, files, journal, and which boxes live.
#pragma once

#include "backend/backend.hpp"
#include "backend/docker/box_files.hpp"
#include "backend/docker/container_spec.hpp"
#include "backend/docker/engine.hpp"
#include "backend/docker/pulls.hpp"
#include "backend/docker/residents.hpp"
#include "backend/docker/turns.hpp"
#include "backend/journal.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace fairlead::docker {

// An engine with what we learned about it.
struct KnownEngine {
  KnownEngine(Engine e, std::string h, LinkKind k) : engine(std::move(e)), host(std::move(h)), kind(k) {}
  const Engine engine;
  const std::string host;
  std::atomic<LinkKind> kind;                            // attach, once it turned out not to see our files
  std::atomic<DiskLimit> disk_limit = DiskLimit::quota;  // watched, once it refused a quota
  std::atomic<bool> disk_watched = false;                // a watch runs
  Pulls pulls;
};

// A home in the book of residents.
[[nodiscard]] inline std::string home_key(const KnownEngine& engine, const std::string& container) {
  return engine.host + '\0' + container;
}

// Thread-safe.
class Fleet {
 public:
  Fleet(config::Config settings, observe::Log sink) : config(std::move(settings)), log(std::move(sink)) {}

  // Opens journal and files, the first time. Throws backend::BackendError.
  void open();

  // One engine per set of connection settings, with its connections and what was learned. Throws
  // backend::BackendError when the settings mean nothing.
  [[nodiscard]] std::shared_ptr<KnownEngine> engine_for(const config::Docker& docker);
  // The one that a journal entry names, or null when no settings for it are known.
  [[nodiscard]] std::shared_ptr<KnownEngine> engine_at(const std::string& host);

  // Writes the journal, before anything of the box exists. Throws backend::BackendError.
  void begin(const std::string& box, const std::string& host);
  // A box that was made ahead is this login's now: for who reads the journal.
  void note_login(const std::string& box, const backend::Login& login);
  // Nothing is left of it: directory and journal entry go.
  void end(const std::string& box);
  // Kept until end(): the place of a box counts until nothing is left of it.
  void hold(const std::string& box, std::shared_ptr<void> held);
  // The engine was asked to make it and has not answered.
  void expect_late(const std::string& box);
  // The engine does not know of it: whether it will stay so. Looked at again later when not.
  [[nodiscard]] bool stays_absent(const std::string& box);
  // Its removal failed: it is nobody's now, and waits for another try (removal.cpp).
  void give_up(const std::string& box, const std::string& host);
  [[nodiscard]] bool lives(const std::string& box);
  [[nodiscard]] bool any_lives_at(const std::string& host);
  // Why the daemon itself ended a living box: one sentence for its user, or empty.
  void set_end_reason(const std::string& box, std::string sentence);
  [[nodiscard]] std::string end_reason(const std::string& box);
  // Box and host of those that live.
  [[nodiscard]] std::map<std::string, std::string> living();
  // Box and host of those given up since the last call: they are the caller's now.
  [[nodiscard]] std::map<std::string, std::string> take_given_up();
  // Whether boxes wait for another try and nobody has begun trying: who is told so, begins.
  [[nodiscard]] bool begin_retrying();
  // Whether no box waits any more: who is told so, ends.
  [[nodiscard]] bool end_retrying();

  [[nodiscard]] backend::Journal& journal() noexcept { return *journal_; }
  [[nodiscard]] const BoxFiles& files() const noexcept { return *files_; }

  const config::Config config;
  const observe::Log log;
  Residents residents;
  Turns home_turns;  // to look for a home, make it and start it

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<KnownEngine>> engines_;  // by settings
  std::map<std::string, std::string> living_;                    // box and host
  std::map<std::string, std::string> given_up_;
  std::map<std::string, std::string> end_reasons_;     // of living boxes
  std::map<std::string, std::shared_ptr<void>> held_;  // by box
  // Boxes that may still come, and since when the engine says that it has none.
  std::map<std::string, std::optional<std::chrono::steady_clock::time_point>> late_;
  bool retrying_ = false;
  std::shared_ptr<backend::Journal> journal_;
  std::optional<BoxFiles> files_;
};

}  // namespace fairlead::docker
