// SPDX-License-Identifier: Apache-2.0
// The count of boxes.
#include "backend/box_places.hpp"

#include "backend/backend.hpp"

#include <fmt/format.h>

#include <limits>
#include <utility>

namespace fairlead::backend {

struct BoxPlaces::Place {
  Place(std::shared_ptr<BoxPlaces> all, std::string whose) : places(std::move(all)), user(std::move(whose)) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    if (taken) places->give_back(user);
  }

  const std::shared_ptr<BoxPlaces> places;
  const std::string user;
  bool taken = false;
};

std::shared_ptr<void> BoxPlaces::take(const std::string& user, std::uint64_t most) {
  auto place = std::make_shared<Place>(shared_from_this(), user);
  const std::lock_guard lock(mutex_);
  const auto known = taken_.find(user);
  if ((known == taken_.end() ? 0 : known->second) >= most) return nullptr;
  ++taken_[user];
  place->taken = true;
  return place;
}

void BoxPlaces::give_back(const std::string& user) noexcept {
  const std::lock_guard lock(mutex_);
  const auto known = taken_.find(user);
  if (known != taken_.end() && --known->second == 0) taken_.erase(known);
}

std::shared_ptr<void> take_place(const Login& login) {
  if (!login.places) return nullptr;
  const auto most = login.config->quota.max_boxes.value_or(std::numeric_limits<std::uint64_t>::max());
  auto place = login.places->take(login.user, most);
  if (place) return place;
  login.log.notice("BACKEND_QUOTA_BOXES", "A box was refused: its user has as many as quota.maxBoxes allows",
                   {{"maxBoxes", static_cast<std::int64_t>(most)}});
  throw BackendError(
      fmt::format("quota.maxBoxes: this user has {} boxes already", most),
      "You have as many boxes as you may have at the same time. End one of your sessions first.");
}

}  // namespace fairlead::backend
