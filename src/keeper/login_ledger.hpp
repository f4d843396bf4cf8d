// SPDX-License-Identifier: Apache-2.0
// What each connection that is logging in has proved so far.
#pragma once

#include "auth/method_progress.hpp"

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace fairlead::keeper {

// Thread-safe; the requests of one connection come one after the other. An entry begins with a factor that
// was right and ends with forget(), so there are never more than connections.
class LoginLedger {
 public:
  using Progress = auth::MethodProgress;

  // Nothing proved, for a connection that is not known, or that names another user than before (UA-2).
  [[nodiscard]] Progress progress(const std::string& connection, const std::string& user) const;
  void keep(const std::string& connection, const std::string& user, Progress progress);

  // The same within a dialogue, whose factors count for the login only when keep() says so: one that is given
  // up or fails has proved nothing.
  [[nodiscard]] Progress dialogue(const std::string& connection, const std::string& user) const;
  void keep_dialogue(const std::string& connection, const std::string& user, Progress progress);
  void end_dialogue(const std::string& connection);

  void forget(const std::string& connection);

 private:
  struct Entry {
    std::string user;
    Progress progress;
    std::optional<Progress> dialogue;
  };
  [[nodiscard]] const Entry* find(const std::string& connection, const std::string& user) const;
  Entry& entry(const std::string& connection, const std::string& user);

  mutable std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace fairlead::keeper
