// SPDX-License-Identifier: Apache-2.0
// How many boxes each user has, over all connections and cores.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace fairlead::backend {

// Thread-safe.
class BoxPlaces : public std::enable_shared_from_this<BoxPlaces> {
 public:
  // Held for as long as the result lives. Null when `user` has `most` already. Boxes count whatever the limit
  // was when they were made.
  [[nodiscard]] std::shared_ptr<void> take(const std::string& user, std::uint64_t most);

 private:
  struct Place;
  void give_back(const std::string& user) noexcept;

  std::mutex mutex_;
  std::map<std::string, std::uint64_t> taken_;  // of those who have any
};

}  // namespace fairlead::backend
