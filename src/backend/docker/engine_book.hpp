// SPDX-License-Identifier: Apache-2.0
// The engines of one backend: one object per address, and after a crash the way back to each that still has
// something of ours.
#pragma once

#include "backend/docker/known_engine.hpp"
#include "backend/journal.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace fairlead::docker {

// Thread-safe. Calls with a journal block on the disk.
class EngineBook {
 public:
  // The file's engine is found without the journal's help; one that came with a login is not.
  explicit EngineBook(const config::Config& configured)
      : configured_(EngineAddress::of(configured.docker)), from_file_(!configured.for_one_login) {}

  // Throws backend::BackendError when the address means nothing.
  [[nodiscard]] std::shared_ptr<KnownEngine> at(const EngineAddress& address);
  [[nodiscard]] std::shared_ptr<KnownEngine> configured() { return at(configured_); }
  [[nodiscard]] bool is_configured(const KnownEngine& engine) const { return engine.id == configured_.id(); }

  // Goes before the first journal entry with a reference(): afterwards a later process can reach the engine.
  // The entry has private keys where they were configured as text; its file is its owner's alone. Throws
  // backend::BackendError.
  void remember(const KnownEngine& engine, backend::Journal& journal);
  // For an entry about something on this engine.
  [[nodiscard]] static boost::json::object reference(const KnownEngine& engine);
  // The engine of such an entry, or null when no way to it is known (any more).
  [[nodiscard]] std::shared_ptr<KnownEngine> find(const boost::json::object& entry);

  // What an earlier process remembered.
  void recall(const backend::Journal& journal);
  // Of engines that nothing is on and nobody holds, the journal need not know.
  void forget_unused(backend::Journal& journal);

 private:
  [[nodiscard]] std::map<std::string, EngineAddress>::iterator forget(
      std::map<std::string, EngineAddress>::iterator remembered, backend::Journal& journal);
  [[nodiscard]] bool is_held(const std::string& id) const;
  void drop_unheld();

  const EngineAddress configured_;
  const bool from_file_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<KnownEngine>> engines_;  // by id
  std::map<std::string, EngineAddress> remembered_;              // in the journal, by id
};

}  // namespace fairlead::docker
