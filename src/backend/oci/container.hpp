// SPDX-License-Identifier: Apache-2.0
// One box from its journal entry to its last file. Blocking: used on the backend's own threads.
#pragma once

#include "backend/backend.hpp"
#include "backend/oci/host.hpp"
#include "backend/oci/network.hpp"
#include "config/config.hpp"

#include <boost/json/object.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

namespace fairlead::backend::oci {

class Container {
 public:
  // `labels` go into the journal entry. Nothing exists yet.
  Container(std::shared_ptr<const Host> host, std::string id, boost::json::object labels)
      : host_(std::move(host)), id_(std::move(id)), labels_(std::move(labels)) {}

  // Makes and starts it, with `link` as the agent's descriptor 3. Throws BackendError, with whatever was made
  // removed.
  void start(const Image& image, const config::Oci& oci, FileDescriptor link);
  // A box that was made ahead is this login's now: for who reads the journal.
  void note_login(const Login& login);
  // Kills it and removes every trace. Idempotent; calls from several threads wait for each other.
  void remove();
  // Ends its processes for a reason that end_reason() then gives; remove() is still needed.
  void end(std::string reason);
  // Why it ended, for the person who was in it; empty when the end was ordinary or it still runs.
  [[nodiscard]] std::string end_reason() const;

  // Kept until nothing of the box is left (drop_held()) or until this dies.
  void hold(std::shared_ptr<void> held);
  void drop_held() { hold(nullptr); }

  [[nodiscard]] const std::string& id() const noexcept { return id_; }
  // Bytes it has written and the most it may, when the kernel does not bound them.
  [[nodiscard]] bool disk_needs_watching() const noexcept { return watched_limit_ != 0; }
  [[nodiscard]] std::uint64_t disk_limit() const noexcept { return watched_limit_; }
  [[nodiscard]] std::uint64_t disk_used() const;

 private:
  void build(const Image& image, const config::Oci& oci, FileDescriptor link);
  void write_files(const config::Oci& oci, const UserNetwork* network) const;
  void kill() noexcept;

  std::shared_ptr<const Host> host_;
  std::string id_;
  boost::json::object labels_;
  FileDescriptor init_;  // pidfd
  UserNetwork::Attachment network_;
  std::atomic<std::uint64_t> watched_limit_ = 0;
  mutable std::mutex mutex_;
  bool made_ = false;
  bool ended_by_us_ = false;
  std::string reason_;
  std::shared_ptr<void> held_;
};

// "fairlead-" and random hex digits: also the container's name for the runtime.
[[nodiscard]] std::string new_box_id();

}  // namespace fairlead::backend::oci
