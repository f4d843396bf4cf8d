// SPDX-License-Identifier: Apache-2.0
// Receiving from a Unix socket whose peer is hostile: it may attach descriptors to its bytes.
#pragma once

#include <fairlead/ssh/bytes.hpp>

#include <sys/types.h>

namespace fairlead {

// recv() without waiting, but for one thing: descriptors that come along do not make the caller wait. Without
// room for them the kernel closes them in the middle of recv(), and closing can last as long as the peer
// likes (a TCP socket with SO_LINGER, a file on a file system of its own). Here they are closed on a thread
// of their own, and the call fails with EBADMSG: nobody who is to be trusted sends any. EINTR does not come.
[[nodiscard]] ssize_t receive_without_descriptors(int socket, ssh::MutableBytes into);

// Asks the kernel to refuse descriptors when they are sent (SO_PASSRIGHTS, Linux 6.16 and later).
void refuse_descriptors(int socket) noexcept;

}  // namespace fairlead
