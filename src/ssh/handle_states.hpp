// SPDX-License-Identifier: Apache-2.0
// What a Request and a NewChannel carry.
#pragma once

#include "ssh/connection_impl.hpp"

#include <memory>
#include <string>
#include <vector>

namespace fairlead::ssh {

struct Request::State {
  std::shared_ptr<ChannelCore> channel;      // a channel request's
  std::weak_ptr<ConnectionImpl> connection;  // a global request's
  std::uint32_t ticket = 0;
  std::string name;
  bool want_reply = false;
  bool answered = false;
  bool waits = true;  // counts among those that the application has not answered
  std::vector<std::byte> payload;
};

struct NewChannel::State {
  std::shared_ptr<ChannelCore> channel;
  std::string type;
  std::vector<std::byte> extra;
};

}  // namespace fairlead::ssh
