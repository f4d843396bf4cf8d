// SPDX-License-Identifier: Apache-2.0
// A channel of a connection: its two streams, its requests, and the peer's wish to open one (RFC 4254
// sections 5 and 6). Used on the connection's executor only; handles are cheap to copy and outlive the
// connection.
#pragma once

#include <fairlead/ssh/async.hpp>
#include <fairlead/ssh/bytes.hpp>
#include <fairlead/ssh/channel_types.hpp>
#include <fairlead/ssh/error.hpp>
#include <fairlead/ssh/requests.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

class ConnectionImpl;

// io.Reader and io.Writer. Models are cheap copyable handles, so coroutines can own them by value.
template <class T>
concept ByteSource = requires(T source, MutableBytes buffer) {
  { source.read_some(buffer) } -> std::same_as<Task<std::size_t>>;  // 0 means end of stream
};
template <class T>
concept ByteSink = requires(T sink, Bytes data) {
  { sink.write(data) } -> std::same_as<Task<>>;  // completes once accepted: backpressure is felt here
  sink.close_write();
};

template <ByteSource From, ByteSink To>
Task<> copy(From from, To to) {
  std::vector<std::byte> buffer(std::size_t{32} * 1024);
  while (const auto n = co_await from.read_some(buffer)) co_await to.write(Bytes(buffer.data(), n));
  to.close_write();
}

// A request waiting for an answer. Destroying it unanswered refuses it, so no reply is ever forgotten.
class Request {
 public:
  Request(Request&&) noexcept;
  Request& operator=(Request&&) noexcept;
  ~Request();

  [[nodiscard]] RequestType type() const noexcept;
  [[nodiscard]] std::string_view name() const noexcept;  // lives as long as this request
  [[nodiscard]] Bytes payload() const noexcept;
  [[nodiscard]] bool want_reply() const noexcept;
  // The typed body (requests.hpp, global_requests.hpp), for example parse<ExecRequest>().
  template <TypedBody Body>
  [[nodiscard]] Result<Body> parse() const {
    return Body::decode(payload());
  }

  // No-op unless want_reply(); the first answer counts. Replies leave in the order of the requests. `payload`
  // is for global requests only.
  void reply(bool success, Bytes payload = {});

 private:
  friend class ConnectionImpl;
  struct State;
  explicit Request(std::unique_ptr<State> state);
  void stop_waiting();
  std::unique_ptr<State> state_;
};

enum class StreamType : std::uint8_t { standard, stderr_ };

struct Chunk {
  std::size_t size = 0;  // 0: end of stream
  StreamType type = StreamType::standard;
};

struct View {
  Bytes data;  // empty: end of stream
  StreamType type = StreamType::standard;
};

// An ordered, flow-controlled duplex stream. Copies are handles to the same channel.
class Channel {
 public:
  Channel() = default;  // refers to nothing; only assignment and destruction are allowed

  // Standard data only; extended data that arrives meanwhile is dropped with its credit given back. 0: end of
  // stream.
  [[nodiscard]] Task<std::size_t> read_some(MutableBytes buffer);
  // Both kinds, in the order they came. One reader at a time.
  [[nodiscard]] Task<Chunk> read_chunk(MutableBytes buffer);
  // The same without a copy, for relays: the bytes stay readable until consume() (as long as a handle lives,
  // close() and the end of the connection notwithstanding), and credit goes back to the peer with consume().
  [[nodiscard]] Task<View> view();
  void consume(std::size_t size);
  // Complete when everything is accepted for sending; throws ConnectionError when the channel or connection
  // has ended.
  [[nodiscard]] Task<> write(Bytes data);
  [[nodiscard]] Task<> write_stderr(Bytes data);
  // write() without the copy, for relays: waits until data may be sent, then has `fill` put bytes into the
  // packets themselves, slot after slot, until it leaves part of one empty or it is another channel's turn.
  // Returns how many bytes were sent. `fill` says how many bytes it put at the front of its slot; it runs at
  // least once unless this throws (as write() does), and must not use the connection.
  using Fill = std::function<std::size_t(MutableBytes slot)>;
  [[nodiscard]] Task<std::size_t> write_in_place(StreamType type, const Fill& fill);
  void close_write();  // SSH_MSG_CHANNEL_EOF, once
  // Nothing more is read here: what has come and what still comes is dropped with its credit given back. The
  // counterpart of close_write(), told with eow@openssh.com to those who know it (OpenSSH and ourselves),
  // whose programs then find their output closed. On the other side it is a request of RequestType::eow.
  void close_read();
  void close();  // SSH_MSG_CHANNEL_CLOSE, once; wakes whoever waits on this channel
  void send_exit_status(std::uint32_t status);
  void send_exit_signal(std::string_view name, bool core_dumped, std::string_view text);

  // Any request; true when the peer answered success. Without a wanted reply use notify().
  [[nodiscard]] Task<bool> request(std::string name, std::vector<std::byte> payload = {});
  void notify(std::string_view name, Bytes payload);
  // The same with a typed body, for example ExecRequest.
  template <TypedBody Body>
  [[nodiscard]] Task<bool> request(const Body& body) {
    return request(std::string(Body::wire_name), body.encode());
  }
  template <TypedBody Body>
  void notify(const Body& body) {
    notify(Body::wire_name, body.encode());
  }

  // Completes with true when the peer has closed its side, with false when the connection ended before.
  [[nodiscard]] Task<bool> closed();
  [[nodiscard]] std::uint32_t id() const noexcept;

 private:
  friend class ConnectionImpl;
  struct State;
  explicit Channel(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};
static_assert(ByteSource<Channel> && ByteSink<Channel>);

// A channel in use: its data and the requests that arrive on it. Dropping `requests` refuses what still
// comes.
struct OpenedChannel {
  Channel channel;
  Stream<Request> requests;
};

// A peer's wish to open a channel. Destroying it undecided rejects it.
class NewChannel {
 public:
  NewChannel(NewChannel&&) noexcept;
  NewChannel& operator=(NewChannel&&) noexcept;
  ~NewChannel();

  [[nodiscard]] ChannelType kind() const noexcept;
  [[nodiscard]] std::string_view type() const noexcept;  // its name; lives as long as this wish
  [[nodiscard]] Bytes extra_data() const noexcept;
  // The typed body (channel_types.hpp), for example parse<DirectTcpip>().
  template <TypedBody Body>
  [[nodiscard]] Result<Body> parse() const {
    return Body::decode(extra_data());
  }

  [[nodiscard]] OpenedChannel accept() &&;
  void reject(OpenFailure reason, std::string_view text) &&;

 private:
  friend class ConnectionImpl;
  struct State;
  explicit NewChannel(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace fairlead::ssh
