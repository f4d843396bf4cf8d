// SPDX-License-Identifier: Apache-2.0
// NewChannel: a wish that is decided exactly once.
#include "ssh/handle_states.hpp"

#include <utility>

namespace fairlead::ssh {

NewChannel::NewChannel(std::unique_ptr<State> state) : state_(std::move(state)) {}
NewChannel::NewChannel(NewChannel&& other) noexcept = default;

NewChannel& NewChannel::operator=(NewChannel&& other) noexcept {
  if (this != &other) {
    NewChannel dropped(std::move(*this));
    state_ = std::move(other.state_);
  }
  return *this;
}

NewChannel::~NewChannel() {
  if (!state_ || !state_->channel->connection) return;
  state_->channel->connection->contain(
      [&] { std::move(*this).reject(OpenFailure::connect_failed, "not accepted"); });
}

ChannelType NewChannel::kind() const noexcept {
  return channel_type(state_->type);
}
std::string_view NewChannel::type() const noexcept {
  return state_->type;
}
Bytes NewChannel::extra_data() const noexcept {
  return state_->extra;
}

OpenedChannel NewChannel::accept() && {
  const auto state = std::move(state_);
  if (state->channel->connection) state->channel->connection->channel_decided();
  return ConnectionImpl::accept_channel(state->channel);
}

void NewChannel::reject(OpenFailure reason, std::string_view message) && {
  const auto state = std::move(state_);
  if (state->channel->connection) state->channel->connection->channel_decided();
  state->channel->refuse(reason, message);
}

}  // namespace fairlead::ssh
