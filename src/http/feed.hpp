// SPDX-License-Identifier: Apache-2.0
// Moves a connection's bytes into a parser of Beast. Internal to this floor.
#pragma once

#include "http/limits.hpp"
#include "http/transport.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>

namespace fairlead::http {

// Gives the parser what is buffered, or reads more when it can do nothing with that. An error is the
// parser's; end_of_stream and partial_message say that the peer ended the stream before the message was
// complete. Throws what the transport does.
template <class Parser>
Task<boost::system::error_code> feed(Parser& parser, boost::beast::flat_buffer& buffer,
                                     Transport& transport) {
  namespace http = boost::beast::http;
  boost::system::error_code error;
  if (buffer.size() > 0) {
    buffer.consume(parser.put(buffer.data(), error));
    if (error != http::error::need_more) co_return error;
  }
  // Beast bounds headers and bodies, but not the lines between chunks.
  if (buffer.max_size() - buffer.size() < limits::read_size) co_return http::error::buffer_overflow;
  const auto space = buffer.prepare(limits::read_size);
  const ssh::MutableBytes room(static_cast<std::byte*>(space.data()), space.size());
  const auto size = co_await transport.read_some(room);
  error = {};
  if (size > 0) {
    buffer.commit(size);
    co_return error;
  }
  if (!parser.got_some()) co_return http::error::end_of_stream;
  parser.put_eof(error);
  if (!error && !parser.is_done()) error = http::error::partial_message;
  co_return error;
}

}  // namespace fairlead::http
