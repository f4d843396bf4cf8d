// SPDX-License-Identifier: Apache-2.0
// The agent: one link to the daemon, the setup request that says for whom the box is, and the channels.
#pragma once

#include "agent/channel_owner.hpp"
#include "agent/event_loop.hpp"
#include "agent/link.hpp"
#include "agent/processes.hpp"
#include "agent/session.hpp"

#include <map>
#include <memory>
#include <optional>

namespace fairlead::agent {

class Agent {
 public:
  // `environment` is what programs inherit (environ).
  Agent(LinkDescriptors descriptors, InternalPrograms internal, const char* const* environment);

  // Serves until the link ends or SIGTERM, SIGINT or SIGHUP comes, then ends every process it started.
  // Signals are blocked and taken from a descriptor. The result is the exit status: 0 after an orderly end of
  // the link.
  [[nodiscard]] int run();

 private:
  void on_signal();
  void on_event(ssh::EngineEvent& event);
  void on_global_request(const ssh::event::GlobalRequest& request);
  void on_setup(const ssh::event::GlobalRequest& request);
  void on_open(const ssh::event::ChannelOpen& open);
  void on_open_file(const ssh::event::ChannelOpen& open);

  EventLoop loop_;
  Link link_;
  Processes processes_;
  InternalPrograms internal_;
  const char* const* environment_;
  FileDescriptor signals_;
  bool stop_ = false;
  std::optional<Box> box_;  // before setup there is none, and no channel
  std::map<ssh::ChannelId, std::unique_ptr<ChannelOwner>> channels_;
};

}  // namespace fairlead::agent
