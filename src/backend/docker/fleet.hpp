// SPDX-License-Identifier: Apache-2.0
// What all boxes of one Docker backend share: engines, files, journal, and which boxes live.
#pragma once

#include "backend/backend.hpp"
#include "backend/docker/box_files.hpp"
#include "backend/docker/engine_book.hpp"
#include "backend/docker/known_engine.hpp"
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

// Thread-safe.
class Fleet {
 public:
  Fleet(config::Config settings, observe::Log sink)
      : config(std::move(settings)), log(std::move(sink)), engines_(config) {}

  // Opens journal and files, the first time. Throws backend::BackendError.
  void open();

  // One engine per set of connection settings, with its connections and what was learned. Throws
  // backend::BackendError when the settings mean nothing.
  [[nodiscard]] std::shared_ptr<KnownEngine> engine_for(const config::Docker& docker) {
    return engines_.at(EngineAddress::of(docker));
  }
  [[nodiscard]] EngineBook& engines() noexcept { return engines_; }

  // Writes the journal, before anything of the box exists. Throws backend::BackendError.
  void begin(const std::string& box, std::shared_ptr<KnownEngine> engine);
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
  void give_up(const std::string& box, std::shared_ptr<KnownEngine> engine);
  [[nodiscard]] bool lives(const std::string& box);
  [[nodiscard]] bool any_lives_at(const KnownEngine& engine);
  // Why the daemon itself ended a living box: one sentence for its user, or empty.
  void set_end_reason(const std::string& box, std::string sentence);
  [[nodiscard]] std::string end_reason(const std::string& box);
  using Boxes = std::map<std::string, std::shared_ptr<KnownEngine>>;
  [[nodiscard]] Boxes living();
  // Those given up since the last call: they are the caller's now.
  [[nodiscard]] Boxes take_given_up();
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
  EngineBook engines_;
  Boxes living_, given_up_;
  std::map<std::string, std::string> end_reasons_;     // of living boxes
  std::map<std::string, std::shared_ptr<void>> held_;  // by box
  // Boxes that may still come, and since when the engine says that it has none.
  std::map<std::string, std::optional<std::chrono::steady_clock::time_point>> late_;
  bool retrying_ = false;
  std::shared_ptr<backend::Journal> journal_;
  std::optional<BoxFiles> files_;
};

}  // namespace fairlead::docker
