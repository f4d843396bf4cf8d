// SPDX-License-Identifier: Apache-2.0
// What a connection has received and not yet decoded. Between receives only the beginning of an unfinished
// packet is kept.
#pragma once

#include "base/byte_buffer.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>

namespace fairlead::ssh {

class Inbox {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  // Takes what the non-blocking socket has: the kept bytes and the new ones, in this thread's receive buffer.
  // They are gone at the next suspension: keep() before. On an error nothing has changed and the result is
  // empty.
  [[nodiscard]] MutableBytes receive(Socket& socket, boost::system::error_code& error);
  // The kept bytes; they may be decoded in place and given back to keep().
  [[nodiscard]] MutableBytes kept() noexcept { return kept_.readable(); }
  // `rest` is an end part of what receive() or kept() gave. Other parts of that memory are still readable
  // afterwards.
  void keep(MutableBytes rest);
  // Nobody looks at anything any more: gives memory back if nothing is kept.
  void settle() noexcept;

 private:
  ByteBuffer kept_;
};

}  // namespace fairlead::ssh
