// SPDX-License-Identifier: Apache-2.0
// The HTTP server on a thread of its own, as tests need it.
#pragma once

#include "http/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <charconv>
#include <future>
#include <string>
#include <thread>
#include <utility>

namespace fairlead::http {

class RunningServer {
 public:
  explicit RunningServer(ServerOptions options = {}, Handler handler = echo) {
    options.listen = "127.0.0.1:0";
    server_.emplace(io_.get_executor(), std::move(options), std::move(handler));
    const std::string address = server_->local_address();
    const auto digits = address.rfind(':') + 1;
    std::from_chars(address.data() + digits, address.data() + address.size(), port_);
    boost::asio::co_spawn(io_, server_->run(), [this](const std::exception_ptr&) { ended_.set_value(); });
    thread_ = std::thread([this] { io_.run(); });
  }
  ~RunningServer() {
    boost::asio::post(io_, [this] { server_.reset(); });
    thread_.join();
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  void stop() {
    boost::asio::post(io_, [this] { server_->stop(); });
  }
  // Whether run() has returned in the next seconds.
  [[nodiscard]] bool ends() {
    return ended_.get_future().wait_for(std::chrono::seconds(5)) == std::future_status::ready;
  }

  // Tells what was asked.
  static ssh::Task<Response> echo(Request request) {
    co_return text_answer(200, request.method + " " + request.target + " " +
                                   std::string(request.header("X-Test")) + "[" + request.body + "]");
  }

 private:
  boost::asio::io_context io_{1};
  std::optional<Server> server_;
  std::uint16_t port_ = 0;
  std::promise<void> ended_;
  std::thread thread_;
};

}  // namespace fairlead::http
