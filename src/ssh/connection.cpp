// SPDX-License-Identifier: Apache-2.0
// Connection, the application's handle.
#include "ssh/connection_impl.hpp"

#include <utility>

namespace fairlead::ssh {

Connection::Connection(std::shared_ptr<ConnectionImpl> impl) : impl_(std::move(impl)) {}

Task<std::expected<OpenedChannel, Refusal>> Connection::open_channel(std::string type,
                                                                     std::vector<std::byte> extra) {
  return impl_->open_channel(std::move(type), std::move(extra));
}
Task<Connection::GlobalReply> Connection::request(std::string name, std::vector<std::byte> payload) {
  return impl_->global_request(std::move(name), std::move(payload));
}
void Connection::notify(std::string_view name, Bytes payload) {
  impl_->engine().send_global_request(name, false, payload);
  impl_->flush_soon();
}

void Connection::disconnect(DisconnectReason reason, std::string_view text) {
  impl_->disconnect(reason, text);
}
void Connection::close(Error why) {
  impl_->end(why);
}
Task<Error> Connection::closed() {
  return impl_->wait_ended();
}
std::optional<Farewell> Connection::farewell() const {
  return impl_->farewell();
}
bool Connection::is_open() const noexcept {
  return impl_->is_open();
}

asio::any_io_executor Connection::executor() const {
  return impl_->executor();
}
std::string_view Connection::peer_identification() const noexcept {
  return impl_->engine().peer_identification();
}
std::string Connection::negotiated() const {
  return impl_->engine().negotiated();
}
Bytes Connection::session_id() const noexcept {
  return impl_->engine().session_id();
}
std::uint64_t Connection::bytes_received() const noexcept {
  return impl_->bytes_received();
}
std::uint64_t Connection::bytes_sent() const noexcept {
  return impl_->bytes_sent();
}

}  // namespace fairlead::ssh
