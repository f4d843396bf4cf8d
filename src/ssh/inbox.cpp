// SPDX-License-Identifier: Apache-2.0
// Receiving through the thread's buffer.
#include "ssh/inbox.hpp"

#include "base/unix_receive.hpp"
#include "ssh/buffer_pool.hpp"

#include <boost/asio/error.hpp>

#include <cerrno>
#include <cstring>
#include <functional>

namespace fairlead::ssh {

MutableBytes Inbox::receive(Socket& socket, boost::system::error_code& error) {
  const MutableBytes memory = buffer_pool::receive_buffer();
  const MutableBytes room = memory.subspan(kept_.size());
  const ssize_t received = receive_without_descriptors(socket.native_handle(), room);
  error = {};
  if (received < 0) error.assign(errno, boost::system::system_category());
  if (received == 0) error = boost::asio::error::eof;
  if (error) return {};
  const std::size_t before = kept_.size();
  if (before > 0) {
    std::memcpy(memory.data(), kept_.readable().data(), before);
    kept_.clear();
    buffer_pool::give(kept_);
  }
  return memory.first(before + static_cast<std::size_t>(received));
}

void Inbox::keep(MutableBytes rest) {
  const MutableBytes held = kept_.readable();
  const std::less<> before;
  const bool in_place = !held.empty() && !before(rest.data(), held.data()) &&
                        !before(held.data() + held.size(), rest.data() + rest.size());
  if (in_place) {
    kept_.consume(held.size() - rest.size());
    return;
  }
  kept_.clear();
  kept_.append(rest);
}

void Inbox::settle() noexcept {
  if (kept_.empty() && kept_.capacity() > 0) buffer_pool::give(kept_);
}

}  // namespace fairlead::ssh
