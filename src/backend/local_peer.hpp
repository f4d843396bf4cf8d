// SPDX-License-Identifier: Apache-2.0
// An SSH peer that is no other program but a part of this daemon: both ends of a plain link.
#pragma once

#include <fairlead/ssh/connection.hpp>

namespace fairlead::backend {

struct LocalPeer {
  ssh::AcceptedConnection outside;  // for the relay: Box::peer()
  ssh::AcceptedConnection inside;   // ours. Dropping its `channels` and `requests` refuses whatever comes.
};

// Either end is closed to end both. Throws BackendError when descriptors run out.
[[nodiscard]] LocalPeer make_local_peer(const ssh::asio::any_io_executor& executor);

}  // namespace fairlead::backend
