// SPDX-License-Identifier: Apache-2.0
// A server on a Unix socket or 127.0.0.1 that does exactly what a test says: one function per connection,
// blocking, on its own thread.
#pragma once

#include "support/scratch.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace fairlead::test {

// One accepted connection, blocking. Reads and writes after the peer left do nothing.
class Peer {
 public:
  explicit Peer(int descriptor) : descriptor_(descriptor) {}

  // A whole HTTP request: header and body by Content-Length. Empty when the peer hung up first.
  std::string read_request() {
    std::size_t end = std::string::npos;
    while ((end = pending_.find("\r\n\r\n")) == std::string::npos)
      if (!fill()) return {};
    std::size_t length = 0;
    if (const auto at = pending_.find("Content-Length: "); at != std::string::npos && at < end)
      length = std::strtoul(pending_.c_str() + at + 16, nullptr, 10);
    while (pending_.size() < end + 4 + length)
      if (!fill()) return {};
    auto request = pending_.substr(0, end + 4 + length);
    pending_.erase(0, request.size());
    return request;
  }

  // Up to `size` raw bytes; fewer at the end of the stream.
  std::string read_bytes(std::size_t size) {
    while (pending_.size() < size && fill()) {
    }
    auto bytes = pending_.substr(0, size);
    pending_.erase(0, bytes.size());
    return bytes;
  }

  void write(std::string_view text) const {
    while (!text.empty()) {
      const auto sent = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  void answer(unsigned status, std::string_view body, std::string_view type = "application/json") const {
    std::string text = "HTTP/1.1 " + std::to_string(status) + " Words\r\nContent-Type: ";
    text.append(type).append("\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
    text.append(body);
    write(text);
  }

  void hang_up() const { ::shutdown(descriptor_, SHUT_RDWR); }

  // Until the peer hangs up.
  void wait_for_end() {
    while (fill()) pending_.clear();
  }

 private:
  bool fill() {
    char buffer[4096];
    const auto got = ::recv(descriptor_, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    pending_.append(buffer, static_cast<std::size_t>(got));
    return true;
  }

  int descriptor_;
  std::string pending_;
};

class ScriptedServer {
 public:
  using Script = std::function<void(Peer&)>;
  enum class Listen { unix_socket, loopback };

  explicit ScriptedServer(Script script, Listen where = Listen::unix_socket) : script_(std::move(script)) {
    if (where == Listen::unix_socket)
      listen_on_path();
    else
      listen_on_loopback();
    acceptor_ = std::thread([this] { accept_all(); });
  }

  ~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int descriptor : open_) ::shutdown(descriptor, SHUT_RDWR);
    }
    for (auto& worker : workers_) worker.join();
    for (const int descriptor : open_) ::close(descriptor);
    ::close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::string path() const { return directory_.file("socket"); }
  [[nodiscard]] std::string url() const {
    return port_ == 0 ? "unix://" + path() : "http://127.0.0.1:" + std::to_string(port_);
  }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void listen_on_path() {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
    bind_and_listen(reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }

  void listen_on_loopback() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind_and_listen(reinterpret_cast<const sockaddr*>(&address), sizeof address);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }

  void bind_and_listen(const sockaddr* address, socklen_t size) const {
    if (::bind(listener_, address, size) != 0 || ::listen(listener_, 16) != 0)
      throw std::runtime_error("the scripted server cannot listen");
  }

  void accept_all() {
    for (;;) {
      const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (descriptor < 0) return;
      ++connections_;
      {
        const std::lock_guard lock(mutex_);
        open_.push_back(descriptor);
      }
      workers_.emplace_back([this, descriptor] {
        Peer peer(descriptor);
        script_(peer);
        ::shutdown(descriptor, SHUT_RDWR);  // closed by the destructor, so that the number is not used again
      });
    }
  }

  Script script_;
  ScratchDirectory directory_;
  int listener_ = -1;
  unsigned port_ = 0;  // 0: on a Unix socket
  std::thread acceptor_;
  std::vector<std::thread> workers_;  // touched by the acceptor, then by the destructor after its end
  std::mutex mutex_;
  std::vector<int> open_;
  std::atomic<int> connections_ = 0;
};

}  // namespace fairlead::test
