// SPDX-License-Identifier: Apache-2.0
// A channel on which a file comes (link::file_channel).
#pragma once

#include "agent/channel_owner.hpp"
#include "agent/new_file.hpp"

#include <expected>
#include <string>

namespace fairlead::agent {

class FileDelivery final : public ChannelOwner {
 public:
  // The engine outlives it.
  FileDelivery(ssh::Engine& engine, ssh::ChannelId channel, NewFile file)
      : engine_(engine), channel_(channel), file_(std::move(file)) {}

  void on_request(const ssh::event::ChannelRequest& request) override;
  void on_data(ssh::DataType type, ssh::Bytes data) override;
  void on_eof() override {}
  void on_writable() override {}

 private:
  ssh::Engine& engine_;
  ssh::ChannelId channel_;
  NewFile file_;
  std::expected<void, std::string> state_;  // the first thing that went wrong
  bool asked_ = false;
};

}  // namespace fairlead::agent
