// SPDX-License-Identifier: Apache-2.0
// What a backend is: it gives an SSH peer for a login. The peer is the agent inside a box (or, later, an
// upstream server).
#pragma once

#include "backend/box_places.hpp"
#include "backend/progress.hpp"
#include "config/config.hpp"
#include "config/metadata.hpp"
#include "link/descriptor_channel.hpp"
#include "observe/log.hpp"

#include <fairlead/ssh/connection.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

namespace fairlead::backend {

using ssh::Task;

// One authenticated login. Strings that came from the client are already checked (limits, UTF-8), not
// escaped.
struct Login {
  std::string connection_id;  // 32 hex digits, unique
  std::string user;
  std::string remote_address;  // without port
  std::uint16_t remote_port = 0;
  std::string local_address;
  std::uint16_t local_port = 0;
  std::map<std::string, std::string> environment;  // for every program of this login
  // Of whoever vouched for it: its environment and files go into the box, the rest where `expose…` says.
  config::Metadata metadata;
  // In force for this login: the daemon's file, reloaded by SIGHUP, with the user's own settings merged in.
  // launch() goes by this one, not by the one the backend was made with. Never null.
  std::shared_ptr<const config::Config> config;
  observe::Log log;  // carries connectionId
  // Told while an image is fetched for this login; empty: nobody waits.
  ProgressSink progress = {};
  // Of all users; null: nobody counts.
  std::shared_ptr<BoxPlaces> places = {};
};

// A place for one box of this login's user: taken before anything of the box is made, dropped when nothing is
// left of it. Throws BackendError when the user has as many boxes as `quota.maxBoxes` says.
[[nodiscard]] std::shared_ptr<void> take_place(const Login& login);

// What a person is told when nobody there can help.
inline constexpr const char* not_now = "This login is not available now, please try again later.";

// `what()` is for the log; `user_text` is a fixed sentence for the person who logs in, without internals.
class BackendError : public std::runtime_error {
 public:
  BackendError(const std::string& what, std::string user_text)
      : std::runtime_error(what), user_text_(std::move(user_text)) {}
  [[nodiscard]] const std::string& user_text() const noexcept { return user_text_; }

 private:
  std::string user_text_;
};

// A running box with its agent. Dropping it without remove() is allowed: the backend then removes it on its
// own.
class Box {
 public:
  virtual ~Box() = default;
  // The link to the agent. Ends when the box ends. Everything that comes over it is hostile.
  [[nodiscard]] virtual ssh::AcceptedConnection& peer() = 0;
  // The way for data sockets to the agent; null when it is not on this machine: all data goes over the link.
  [[nodiscard]] virtual link::DescriptorSender* data_sockets() { return nullptr; }
  [[nodiscard]] virtual std::string id() const = 0;  // for logs: container id or name
  // Where each session has a box of its own: the box for one more, the caller's to remove after it. Throws
  // BackendError. Null: sessions share this box.
  [[nodiscard]] virtual Task<std::unique_ptr<Box>> launch_for_session() { co_return nullptr; }
  // Kills what runs and removes every trace. Idempotent. Throws BackendError when the engine does not answer;
  // the box stays in the journal then and is removed later.
  [[nodiscard]] virtual Task<> remove() = 0;
  // Asked after the link ended unexpectedly: one sentence for the user ("The box ran out of memory."), or
  // empty.
  [[nodiscard]] virtual Task<std::string> end_reason() = 0;
};

// Lives as long as the daemon and serves logins on every core: launch() runs on the caller's executor and the
// Box belongs to it.
class Backend {
 public:
  virtual ~Backend() = default;
  // Creates and starts a box and waits for its agent. Throws BackendError; nothing is left behind then.
  [[nodiscard]] virtual Task<std::unique_ptr<Box>> launch(Login login) = 0;
  // At start: proves that the backend can work (throws BackendError with a sentence for the operator when it
  // never can) and removes what a crash left.
  [[nodiscard]] virtual Task<> prepare() = 0;
  // After prepare() and on its executor, and again when the file has changed: makes boxes ahead as this says
  // (config/pool.hpp). Null: the file does not name this backend any more.
  virtual void keep_ready(std::shared_ptr<const config::Config> /*file*/) {}
  // At the end: whatever boxes are left are removed.
  [[nodiscard]] virtual Task<> shutdown() = 0;
  [[nodiscard]] virtual std::string name() const = 0;
};

}  // namespace fairlead::backend
