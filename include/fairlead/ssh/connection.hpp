// SPDX-License-Identifier: Apache-2.0
// An established SSH connection, either side or a plain link: channels and requests as coroutines (RFC 4254).
// Everything here belongs to one connection and is used on that connection's executor only. Handles are cheap
// to copy and outlive the connection; after its end every operation reports the end instead of working. The
// connection lives until it is closed or its peer ends it: dropping the handles does not end it.
#pragma once

#include <fairlead/ssh/async.hpp>
#include <fairlead/ssh/bytes.hpp>
#include <fairlead/ssh/channel.hpp>
#include <fairlead/ssh/error.hpp>
#include <fairlead/ssh/global_requests.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

struct Refusal {
  OpenFailure reason;
  std::string text;  // the peer's words: escape before showing
};

class Connection {
 public:
  Connection() = default;

  // The channel, or why the peer refused it. Throws ConnectionError when the connection has ended.
  [[nodiscard]] Task<std::expected<OpenedChannel, Refusal>> open_channel(std::string type,
                                                                         std::vector<std::byte> extra = {});
  // The same with a typed body, for example DirectTcpip.
  template <TypedBody Body>
  [[nodiscard]] Task<std::expected<OpenedChannel, Refusal>> open_channel(const Body& body) {
    return open_channel(std::string(Body::wire_name), body.encode());
  }
  struct GlobalReply {
    bool success = false;
    std::vector<std::byte> payload;
  };
  [[nodiscard]] Task<GlobalReply> request(std::string name, std::vector<std::byte> payload = {});
  void notify(std::string_view name, Bytes payload);
  // The same with a typed body, for example TcpipForward.
  template <TypedBody Body>
  [[nodiscard]] Task<GlobalReply> request(const Body& body) {
    return request(std::string(Body::wire_name), body.encode());
  }
  template <TypedBody Body>
  void notify(const Body& body) {
    notify(Body::wire_name, body.encode());
  }

  // Sends DISCONNECT (not on a plain link) and closes. Idempotent; the first call's reason stays.
  void disconnect(DisconnectReason reason, std::string_view text);
  void close(Error why);
  // Completes when the connection has ended, with why.
  [[nodiscard]] Task<Error> closed();
  // What the peer said with its DISCONNECT, once that has ended the connection.
  [[nodiscard]] std::optional<Farewell> farewell() const;
  [[nodiscard]] bool is_open() const noexcept;

  [[nodiscard]] asio::any_io_executor executor() const;
  [[nodiscard]] std::string_view peer_identification() const noexcept;
  [[nodiscard]] std::string negotiated() const;  // algorithm names, for logs
  [[nodiscard]] Bytes session_id() const noexcept;
  [[nodiscard]] std::uint64_t bytes_received() const noexcept;
  [[nodiscard]] std::uint64_t bytes_sent() const noexcept;
  explicit operator bool() const noexcept { return impl_ != nullptr; }

 private:
  friend class ConnectionImpl;
  explicit Connection(std::shared_ptr<ConnectionImpl> impl);
  std::shared_ptr<ConnectionImpl> impl_;
};

// What accept(), connect() and link() give. Dropping `channels` or `requests` refuses what still comes.
struct AcceptedConnection {
  Connection connection;
  Stream<NewChannel> channels;
  Stream<Request> requests;
};

}  // namespace fairlead::ssh
