// SPDX-License-Identifier: Apache-2.0
// Everybody who waits for an image, on whatever core, and is told how far its pull has come.
#pragma once

#include "backend/progress.hpp"

#include <fairlead/ssh/async.hpp>

#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace fairlead::docker {

// Thread-safe. Outlives its seats.
class PullAudience {
 private:
  struct Member {
    ssh::asio::any_io_executor executor;
    backend::ProgressSink sink;
  };
  struct House {
    std::list<Member> members;
    std::optional<backend::Progress> last;  // for who comes later
  };

 public:
  // Told as long as it lives; what is on its way then still arrives.
  class Seat {
   public:
    Seat(PullAudience& audience, std::string image, std::list<Member>::iterator place)
        : audience_(audience), image_(std::move(image)), place_(place) {}
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    ~Seat() { audience_.leave(image_, place_); }

   private:
    PullAudience& audience_;
    const std::string image_;
    const std::list<Member>::iterator place_;
  };
  // `sink` may be empty.
  [[nodiscard]] Seat enter(const std::string& image, const ssh::asio::any_io_executor& executor,
                           backend::ProgressSink sink);
  void tell(const std::string& image, const backend::Progress& progress);
  [[nodiscard]] bool waits_for(const std::string& image) const;

 private:
  static void tell(const Member& member, const backend::Progress& progress);
  void leave(const std::string& image, std::list<Member>::iterator place);

  mutable std::mutex mutex_;
  std::map<std::string, House> houses_;  // by image, while somebody waits
};

}  // namespace fairlead::docker
