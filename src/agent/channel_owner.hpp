// SPDX-License-Identifier: Apache-2.0
// What stands behind an open channel of the link: a session, or a file that is being delivered.
#pragma once

#include "protocol/engine.hpp"

namespace fairlead::agent {

// Dropped when the daemon has closed the channel.
class ChannelOwner {
 public:
  virtual ~ChannelOwner() = default;
  virtual void on_request(const ssh::event::ChannelRequest& request) = 0;
  virtual void on_data(ssh::DataType type, ssh::Bytes data) = 0;
  virtual void on_eof() = 0;
  // There is room again in the channel's window or on the link.
  virtual void on_writable() = 0;
};

}  // namespace fairlead::agent
