// SPDX-License-Identifier: Apache-2.0
// Raw streams: bytes read with the header first, then the connection's.
#include "http/stream.hpp"

#include "http/transport.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace fairlead::http {

using ssh::Task;

struct Stream::State {
  std::unique_ptr<Transport> transport;
  std::vector<std::byte> early;
  std::size_t early_used = 0;
};

Stream::Stream(std::unique_ptr<Transport> transport, ssh::Bytes already_read)
    : state_(std::make_shared<State>(
          State{std::move(transport), {already_read.begin(), already_read.end()}, 0})) {
  state_->transport->expires_at(TimePoint::max());
}

Task<std::size_t> Stream::read_some(ssh::MutableBytes buffer) const {
  const auto state = state_;
  if (state->early_used < state->early.size()) {
    const auto size = std::min(buffer.size(), state->early.size() - state->early_used);
    std::memcpy(buffer.data(), state->early.data() + state->early_used, size);
    state->early_used += size;
    if (state->early_used == state->early.size()) state->early = {};
    if (state->early.empty()) state->early_used = 0;
    co_return size;
  }
  co_return co_await state->transport->read_some(buffer);
}

Task<bool> Stream::read_exactly(ssh::MutableBytes buffer) const {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const auto size = co_await read_some(buffer.subspan(filled));
    if (size == 0 && filled == 0) co_return false;
    if (size == 0) throw HttpError(Failure::closed, "the stream ended in the middle of a message");
    filled += size;
  }
  co_return true;
}

Task<> Stream::write(ssh::Bytes data) const {
  const auto state = state_;
  co_await state->transport->write(data);
}

void Stream::close_write() const {
  if (state_) state_->transport->close_write();
}

void Stream::close() const {
  if (state_) state_->transport->close();
}

}  // namespace fairlead::http
