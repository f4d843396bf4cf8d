// SPDX-License-Identifier: Apache-2.0
// SO_RCVLOWAT, set and taken back.
#include "ssh/bulk_receive.hpp"

#include <sys/socket.h>

#include <algorithm>

namespace fairlead::ssh {
namespace {

// After this much the transfer is likely to go on.
constexpr std::size_t warm_up = std::size_t{1024} * 1024;
// A third of the default receive buffer's growth.
constexpr int piece = 128 * 1024;

void set_low_water(int socket, int bytes) noexcept {
  (void)::setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

}  // namespace

bool BulkReceive::received(int socket, std::size_t size, Clock::time_point now) noexcept {
  if (now - last_ > lull_time) run_ = 0;
  last_ = now;
  run_ = std::min(run_ + size, warm_up);
  if (run_ < warm_up || bulk_) return bulk_;
  bulk_ = true;
  set_low_water(socket, piece);
  return true;
}

void BulkReceive::lull(int socket) noexcept {
  if (!bulk_) return;
  bulk_ = false;
  run_ = 0;
  set_low_water(socket, 1);
}

}  // namespace fairlead::ssh
