// SPDX-License-Identifier: Apache-2.0
// Who is in which box that stays, so that one is stopped only when nobody has been in it for its idle time.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace fairlead::docker {

// Thread-safe. Homes are named by engine and container.
class Residents {
 public:
  using Clock = std::chrono::steady_clock;

  // A login is in: from here until leave() the home is not stopped. True when it is being stopped right now.
  bool enter(const std::string& home);
  // What may be stopped when nobody has been in for so long: a container that is ours.
  struct Rest {
    std::string container;  // its id
    Clock::duration idle{};
  };
  // Nothing when this login never came to know: then what an earlier one said holds. True: nobody attends to
  // the home's idle time, and who is told so begins.
  [[nodiscard]] bool leave(const std::string& home, const std::optional<Rest>& rest);

  // For the one who attends.
  struct Look {
    enum class Do : std::uint8_t {
      nothing,  // somebody is in: the last one who leaves has it attended to again
      wait,
      stop,  // then stopped() must be called
    } what;
    Clock::time_point until{};  // wait
    std::string container{};    // stop
  };
  [[nodiscard]] Look look(const std::string& home);
  void stopped(const std::string& home);

  // Whether the agent that this process knows was brought into the container; false the first time, and when
  // it has been forgotten because there are so many.
  [[nodiscard]] bool has_agent(const std::string& container) const;
  void set_agent(const std::string& container);

 private:
  struct Home {
    unsigned logins = 0;
    std::optional<Rest> rest{};
    Clock::time_point idle_until{};
    bool attended = false, stopping = false;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Home> homes_;
  std::set<std::string> agents_;
};

}  // namespace fairlead::docker
