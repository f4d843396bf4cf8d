// SPDX-License-Identifier: Apache-2.0
// Makes an ordinary socket of an attach stream: what the engine wraps in frames comes out plain.
#pragma once

#include "http/stream.hpp"
#include "observe/log.hpp"

#include <fairlead/ssh/async.hpp>

#include <boost/asio/generic/stream_protocol.hpp>

#include <memory>

namespace fairlead::docker {

using LinkSocket = ssh::asio::generic::stream_protocol::socket;

// A scope whose owner may live on another executor: it ends on its own, whoever drops it.
struct EndOnExecutor {
  ssh::asio::any_io_executor executor;
  void operator()(ssh::TaskScope* scope) const;
};
using Copying = std::unique_ptr<ssh::TaskScope, EndOnExecutor>;
[[nodiscard]] Copying make_copying(const ssh::asio::any_io_executor& executor);

// Two copying coroutines in `scope`: socket → standard input, standard output → socket; standard error goes
// to the log in lines. When either end closes, the other is closed too. The socket belongs to the executor of
// `scope`.
[[nodiscard]] LinkSocket bridge_attach(http::Stream stream, ssh::TaskScope& scope,
                                       const ssh::asio::any_io_executor& executor, observe::Log log);

// For a program that only says on its standard streams why it fails: its standard error to the log, as above,
// until it ends. The rest is dropped.
[[nodiscard]] ssh::Task<> log_attach_errors(http::Stream stream, observe::Log log);

}  // namespace fairlead::docker
