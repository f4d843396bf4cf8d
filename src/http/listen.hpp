// SPDX-License-Identifier: Apache-2.0
// Listening sockets from addresses as the configuration has them.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <expected>
#include <string>

namespace fairlead::http {

// `address` is "host:port": an address, "[v6]", "localhost", or nothing for every address of both families;
// port 0 is any free one. Bound and listening; the error is a sentence.
[[nodiscard]] std::expected<boost::asio::ip::tcp::acceptor, std::string> listen_on(
    const boost::asio::any_io_executor& executor, const std::string& address);

// "address:port", IPv6 in brackets.
[[nodiscard]] std::string to_text(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace fairlead::http
