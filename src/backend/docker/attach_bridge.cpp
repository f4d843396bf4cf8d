// SPDX-License-Identifier: Apache-2.0
// Copies between a socket pair and an attach stream.
#include "backend/docker/attach_bridge.hpp"

#include "backend/docker/attach_frames.hpp"
#include "backend/docker/limits.hpp"
#include "http/error.hpp"
#include "http/limits.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>

#include <memory>
#include <vector>

namespace fairlead::docker {
namespace {

namespace asio = boost::asio;
using Socket = asio::local::stream_protocol::socket;
using ssh::Task;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

// The agent's standard error as log lines, bounded per line and in number: it is a box's voice, hence
// hostile.
class ErrorLines {
 public:
  explicit ErrorLines(observe::Log log) : log_(std::move(log)) {}
  ~ErrorLines() { flush(); }
  ErrorLines(const ErrorLines&) = delete;
  ErrorLines& operator=(const ErrorLines&) = delete;

  void add(std::string_view text) {
    for (const char c : text) {
      if (c == '\n')
        flush();
      else if (line_.size() < limits::agent_error_line)
        line_ += c;
    }
  }

 private:
  void flush() {
    if (!line_.empty() && lines_++ < limits::agent_error_lines) log_.warning("DOCKER_AGENT_STDERR", line_);
    line_.clear();
  }

  observe::Log log_;
  std::string line_;
  unsigned lines_ = 0;
};

struct Bridge {
  Bridge(Socket s, http::Stream a, observe::Log l)
      : socket(std::move(s)), attach(std::move(a)), log(l), errors(std::move(l)) {}

  // A shut-down socket still gives what was written to it before; close() would discard that.
  void close() {
    boost::system::error_code ignored;
    socket.shutdown(Socket::shutdown_both, ignored);
    attach.close();
  }

  Socket socket;
  http::Stream attach;
  observe::Log log;
  ErrorLines errors;
};

Task<> copy_to_container(std::shared_ptr<Bridge> bridge) {
  std::vector<std::byte> buffer(http::limits::read_size);
  try {
    for (;;) {
      auto [error, size] = co_await bridge->socket.async_read_some(asio::buffer(buffer), as_result);
      if (error) break;
      co_await bridge->attach.write(ssh::Bytes(buffer).first(size));
    }
  } catch (const http::HttpError&) {
    // The reader of the same stream meets the same end and says so.
  }
  bridge->close();
}

Task<> copy_from_container(std::shared_ptr<Bridge> bridge) {
  std::vector<std::byte> buffer(http::limits::read_size);
  FrameDecoder decoder;
  try {
    bool link_open = true;
    while (link_open) {
      const auto size = co_await bridge->attach.read_some(buffer);
      if (size == 0) break;
      auto input = ssh::Bytes(buffer).first(size);
      while (const auto piece = decoder.next(input)) {
        if (piece->source == FrameDecoder::Source::standard_error) {
          bridge->errors.add(ssh::as_text(piece->data));
          continue;
        }
        const auto data = asio::buffer(piece->data.data(), piece->data.size());
        auto [error, written] = co_await asio::async_write(bridge->socket, data, as_result);
        if (error) link_open = false;
      }
    }
  } catch (const http::HttpError& error) {
    bridge->log.debug("DOCKER_ATTACH_ENDED", error.what());
  }
  bridge->close();
}

}  // namespace

void EndOnExecutor::operator()(ssh::TaskScope* scope) const {
  asio::dispatch(executor, [owned = std::unique_ptr<ssh::TaskScope>(scope)] {});
}

Copying make_copying(const asio::any_io_executor& executor) {
  return {new ssh::TaskScope(executor), EndOnExecutor{executor}};
}

Task<> log_attach_errors(http::Stream stream, observe::Log log) {
  std::vector<std::byte> buffer(http::limits::read_size);
  FrameDecoder decoder;
  ErrorLines errors(std::move(log));
  try {
    while (const auto size = co_await stream.read_some(buffer)) {
      auto input = ssh::Bytes(buffer).first(size);
      while (const auto piece = decoder.next(input))
        if (piece->source == FrameDecoder::Source::standard_error) errors.add(ssh::as_text(piece->data));
    }
  } catch (const http::HttpError&) {  // closed by us, or by the engine's end
  }
}

LinkSocket bridge_attach(http::Stream stream, ssh::TaskScope& scope, const asio::any_io_executor& executor,
                         observe::Log log) {
  Socket ours(executor);
  Socket theirs(executor);
  asio::local::connect_pair(ours, theirs);
  auto bridge = std::make_shared<Bridge>(std::move(ours), std::move(stream), std::move(log));
  scope.spawn(copy_to_container(bridge));
  scope.spawn(copy_from_container(bridge));
  return LinkSocket(std::move(theirs));
}

}  // namespace fairlead::docker
