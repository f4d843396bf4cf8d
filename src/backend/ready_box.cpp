// SPDX-License-Identifier: Apache-2.0
// A box's link, and what the journal says of its login.
#include "backend/ready_box.hpp"

#include <sys/socket.h>

namespace fairlead::backend {

ssh::asio::generic::stream_protocol::socket open_link(const ssh::asio::any_io_executor& executor,
                                                      FileDescriptor& link) {
  ssh::asio::generic::stream_protocol::socket socket(executor);
  socket.assign(ssh::asio::generic::stream_protocol(AF_UNIX, 0), link.get());
  (void)link.release();
  return socket;
}

void add_login(boost::json::object& details, const Login& login) {
  details["connectionId"] = login.connection_id;
  details["user"] = login.user;
  details["ip"] = login.remote_address;
}

}  // namespace fairlead::backend
