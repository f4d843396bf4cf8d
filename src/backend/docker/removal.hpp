// SPDX-License-Identifier: Apache-2.0
// How boxes go: with their owner, after a failure, and after a crash.
#pragma once

#include "backend/docker/fleet.hpp"

#include <memory>
#include <string>

namespace fairlead::docker {

// A box from its journal entry to its removal. Destroying a lease that was not removed removes it in the
// background. What cannot be removed is tried again, with the pauses of limits.hpp, for as long as the
// backend lives.
class Lease {
 public:
  // Writes the journal entry. Throws backend::BackendError.
  Lease(std::shared_ptr<Fleet> fleet, std::shared_ptr<KnownEngine> engine,
        ssh::asio::any_io_executor executor);
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  [[nodiscard]] const std::string& box() const noexcept { return box_; }
  [[nodiscard]] const KnownEngine& engine() const noexcept { return *engine_; }
  [[nodiscard]] const std::shared_ptr<Fleet>& fleet() const noexcept { return fleet_; }
  // Kept until nothing is left of the box, also when that is long after this has died.
  void hold(std::shared_ptr<void> held) { fleet_->hold(box_, std::move(held)); }
  // From here on the engine may have something of this box, whatever it answers.
  void creating() noexcept { created_ = true; }
  void set_container(std::string id) { container_ = std::move(id); }
  [[nodiscard]] const std::string& container() const noexcept { return container_; }  // empty: not known

  // Throws what Engine throws. Idempotent.
  [[nodiscard]] Task<> remove(Deadline deadline);

 private:
  std::shared_ptr<Fleet> fleet_;
  std::shared_ptr<KnownEngine> engine_;
  ssh::asio::any_io_executor executor_;
  std::string box_;
  std::string container_;
  bool created_ = false;
  bool removed_ = false;
};

// A lease that counts as one of the boxes of the login's user. Throws backend::BackendError.
[[nodiscard]] std::unique_ptr<Lease> make_lease(const backend::Login& login, std::shared_ptr<Fleet> fleet,
                                                std::shared_ptr<KnownEngine> engine,
                                                ssh::asio::any_io_executor executor);

enum class Sweep : std::uint8_t { leftovers, everything };

// Removes what the journal knows and what carries our labels on the configured engine: all of it, or what
// does not live. Containers of other instances, of other state directories and of nobody are left alone.
// Throws what Engine throws when the configured engine cannot be asked; single boxes that cannot be removed
// are logged, stay in the journal and, but for Sweep::everything, are tried again.
[[nodiscard]] Task<> sweep(std::shared_ptr<Fleet> fleet, Sweep what);

}  // namespace fairlead::docker
