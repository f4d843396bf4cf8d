// SPDX-License-Identifier: Apache-2.0
// Request: a question of the peer's that is answered exactly once.
#include "ssh/handle_states.hpp"

#include <utility>

namespace fairlead::ssh {

Request::Request(std::unique_ptr<State> state) : state_(std::move(state)) {}
Request::Request(Request&& other) noexcept = default;

Request& Request::operator=(Request&& other) noexcept {
  if (this != &other) {
    Request dropped(std::move(*this));
    state_ = std::move(other.state_);
  }
  return *this;
}

Request::~Request() {
  if (!state_) return;
  const auto connection = state_->channel && state_->channel->connection
                              ? state_->channel->connection->shared_from_this()
                              : state_->connection.lock();
  if (connection) connection->contain([this] { reply(false); });
  stop_waiting();
}

// With its answer, not with its end: an application may keep it in a variable while it waits for the next.
void Request::stop_waiting() {
  if (!std::exchange(state_->waits, false)) return;
  if (state_->channel)
    state_->channel->request_answered();
  else if (const auto connection = state_->connection.lock())
    connection->global_answered();
}

RequestType Request::type() const noexcept {
  return request_type(state_->name);
}
std::string_view Request::name() const noexcept {
  return state_->name;
}
Bytes Request::payload() const noexcept {
  return state_->payload;
}
bool Request::want_reply() const noexcept {
  return state_->want_reply;
}

void Request::reply(bool success, Bytes payload) {
  if (std::exchange(state_->answered, true)) return;
  stop_waiting();  // dealt with, also where nobody wants to hear of it
  if (!state_->want_reply) return;
  if (state_->channel)
    state_->channel->reply(state_->ticket, success);
  else if (const auto connection = state_->connection.lock())
    connection->reply_global(state_->ticket, success, payload);
}

}  // namespace fairlead::ssh
