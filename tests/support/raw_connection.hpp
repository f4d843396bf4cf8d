// SPDX-License-Identifier: Apache-2.0
// A blocking TCP connection to 127.0.0.1 that sends whatever a test likes.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace fairlead::test {

class RawConnection {
 public:
  explicit RawConnection(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("connect");
  }
  ~RawConnection() { ::close(descriptor_); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  // What the peer no longer takes is dropped.
  void send(std::string_view text) const {
    while (!text.empty()) {
      const auto sent = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  void end_sending() const { ::shutdown(descriptor_, SHUT_WR); }

  // Until `end` has come, or the peer has hung up.
  [[nodiscard]] std::string read_past(std::string_view end) {
    for (;;) {
      if (const auto at = pending_.find(end); at != std::string::npos) {
        auto text = pending_.substr(0, at + end.size());
        pending_.erase(0, text.size());
        return text;
      }
      if (!fill()) return std::exchange(pending_, {});
    }
  }

  // Until the peer hangs up; 10 s of silence are a failure.
  [[nodiscard]] std::string read_all() {
    while (fill()) {
    }
    return std::exchange(pending_, {});
  }

 private:
  bool fill() {
    char buffer[16384];
    const auto got = ::recv(descriptor_, buffer, sizeof buffer, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) throw std::runtime_error("the peer is silent");
    if (got <= 0) return false;
    pending_.append(buffer, static_cast<std::size_t>(got));
    return true;
  }

  int descriptor_;
  std::string pending_;
};

}  // namespace fairlead::test
