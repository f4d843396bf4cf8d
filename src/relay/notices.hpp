// SPDX-License-Identifier: Apache-2.0
// What the daemon itself has to tell those who are logged in on one connection: sentences on the standard
// error of its sessions.
#pragma once

#include <fairlead/ssh/connection.hpp>

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>

namespace fairlead::relay {

// Belongs to one connection and is used on its executor only.
class Notices {
 public:
  enum class To : std::uint8_t { terminals, everybody };

  // A session that can be told something, for as long as the owner keeps it.
  struct Listener {
    ssh::Channel channel;
    bool terminal = false;             // set when it has one
    std::list<std::string> waiting{};  // whole lines that the client has no room for yet
  };

  explicit Notices(ssh::Connection client);

  [[nodiscard]] std::shared_ptr<Listener> add(ssh::Channel session);

  // Never waits. A session gets "fairlead: SENTENCE" on a line of its own, after what it was told before; one
  // whose client does not read gets a few of them later and no more. `sentence` has neither control
  // characters nor a line's end.
  void say(To whom, std::string_view sentence);

  // Completes when what was said has gone out and the client has answered a question after it: OpenSSH's has
  // written it then. Who does not read makes it wait; it may be cancelled.
  [[nodiscard]] ssh::Task<> heard();

 private:
  ssh::Connection client_;
  std::list<std::weak_ptr<Listener>> listeners_;
  ssh::TaskScope writing_;
};

}  // namespace fairlead::relay
