// SPDX-License-Identifier: Apache-2.0
// Two links on a pair of sockets.
#include "backend/local_peer.hpp"

#include "backend/backend.hpp"

#include <fairlead/ssh/server.hpp>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <utility>

namespace fairlead::backend {

LocalPeer make_local_peer(const ssh::asio::any_io_executor& executor) {
  namespace asio = ssh::asio;
  asio::local::stream_protocol::socket ours(executor);
  asio::local::stream_protocol::socket theirs(executor);
  boost::system::error_code error;
  asio::local::connect_pair(ours, theirs, error);
  if (error) throw BackendError("no pair of sockets for a link: " + error.message(), not_now);
  return {ssh::link(std::move(theirs)), ssh::link(std::move(ours))};
}

}  // namespace fairlead::backend
