// SPDX-License-Identifier: Apache-2.0
// Channel, the application's handle.
#include "ssh/channel_core.hpp"

#include <cstdint>
#include <utility>

namespace fairlead::ssh {

Channel::Channel(std::shared_ptr<State> state) : state_(std::move(state)) {}

Task<std::size_t> Channel::read_some(MutableBytes buffer) {
  return state_->read_standard(buffer);
}
Task<Chunk> Channel::read_chunk(MutableBytes buffer) {
  return state_->read(buffer);
}
Task<View> Channel::view() {
  return state_->view();
}
void Channel::consume(std::size_t size) {
  state_->consume(size);
}
Task<> Channel::write(Bytes data) {
  return state_->write(StreamType::standard, data);
}
Task<> Channel::write_stderr(Bytes data) {
  return state_->write(StreamType::stderr_, data);
}
Task<std::size_t> Channel::write_in_place(StreamType type, const Fill& fill) {
  return state_->write_turn(type, fill, SIZE_MAX);
}
void Channel::close_read() {
  state_->close_read();
}
void Channel::close_write() {
  state_->close_write();
}
void Channel::close() {
  state_->close();
}

void Channel::send_exit_status(std::uint32_t status) {
  const ExitStatusRequest body{status};
  notify(body);
}

void Channel::send_exit_signal(std::string_view name, bool core_dumped, std::string_view text) {
  const ExitSignalRequest body{std::string(name), core_dumped, std::string(text)};
  notify(body);
}

Task<bool> Channel::request(std::string name, std::vector<std::byte> payload) {
  return state_->request(std::move(name), std::move(payload));
}
void Channel::notify(std::string_view name, Bytes payload) {
  state_->notify(name, payload);
}

Task<bool> Channel::closed() {
  return state_->wait_closed();
}
std::uint32_t Channel::id() const noexcept {
  return state_->id;
}

}  // namespace fairlead::ssh
