// SPDX-License-Identifier: Apache-2.0
// The packets below user authentication and the connection protocol, sans-I/O. This class alone is the whole
// transport of Role::link (design D5) and names no cryptography; SecureTransport adds RFC 4253's
// identification, keys and services.
//
//   input ─► PacketReader ─► legality table ─► messages 1..49 dealt with here │ Message to the layer above
//   output ◄─ PacketWriter ◄─ begin_packet()/end_packet(), send() ◄─ gate (closed during a key exchange)
#pragma once

#include "protocol/engine.hpp"
#include "protocol/legality.hpp"
#include "protocol/packet_codec.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace fairlead::ssh {

// RFC 4253 section 11.1.
[[nodiscard]] ByteBuffer disconnect_message(DisconnectReason reason, std::string_view text);

// Engine::Impl owns one of these, a UserAuth (null for a link) and the connection protocol. Engine::next() is
// a loop:
//
//   step = transport.next(input, now)
//     EngineEvent → return it
//     Message     → number 50..79: event = user_auth.on_message(payload); number ≥ 80: the connection
//     protocol's own.
//                   No event to tell: loop again. An error from there: return transport.fail(error).
//
// The legality table (TM-6) has already been applied: user-auth messages come only in Phase::auth and in the
// direction that our role may receive; messages ≥ 80 come only after set_authenticated(), and only numbers
// that RFC 4254 defines. UNIMPLEMENTED answers for the rest, PING, IGNORE, DEBUG and DISCONNECT are dealt
// with here.
//
// A link has no identification and no key exchange: packets of the `none` cipher from the first byte,
// authenticated from the start, the gate always open until the end. An error there queues no DISCONNECT.
class Transport {
 public:
  using Clock = Engine::Clock;

  // A message of number ≥ 50 for the layer above; payload[0] is the number, and the payload is never empty.
  // It points into next()'s input and is valid until the next call of next().
  struct Message {
    MutableBytes payload;
  };
  using Step = std::variant<EngineEvent, Message>;

  Transport() noexcept;  // a link's
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  // Engine::next()'s contract. Returns NeedMore while paused (see pause()), and also tells events that came
  // about without input, so call it after host_signature(), accept_host_key(), resume() and check_rekey()
  // too. After an error or Disconnected it returns that error (or disconnected_by_peer) for ever and takes no
  // input.
  [[nodiscard]] Result<Step> next(MutableBytes& input, Clock::time_point now);

  [[nodiscard]] ByteBuffer& output() noexcept { return output_; }
  // Sealed bytes of send() since the last output_taken(): what the peer causes. Messages that the gate holds
  // back are not counted (the reader must go on, or the key exchange never ends) and have a bound of their
  // own.
  [[nodiscard]] std::size_t control_backlog() const noexcept { return control_backlog_; }
  void output_taken() noexcept { control_backlog_ = 0; }

  // --- sending
  // False while a key exchange holds back everything ≥ 50 (KX-4), and when the connection has ended. It may
  // close with every end_packet() and send(), because they start new keys when the old ones are used up: ask
  // before each packet.
  [[nodiscard]] bool gate_open() const noexcept { return gate_open_ && !ended_; }
  // A slot in output() for a payload of at most `max_size` bytes (the message number included). Write into
  // it, then call end_packet() with the size used; 0 gives the slot back and sends nothing. No other call may
  // come between. Empty when the gate is closed.
  [[nodiscard]] MutableBytes begin_packet(std::size_t max_size);
  // Pads and seals in place.
  void end_packet(std::size_t payload_size);
  // A control message: sealed now, or copied and held back until the gate opens, in order. More than
  // limits::gated_control bytes held back end the connection with output_overflow. Counts as
  // control_backlog(). Does nothing when the connection has ended.
  void send(Bytes payload);
  // Queues DISCONNECT; nothing is sent after it, and next() returns connection_closed.
  void disconnect(DisconnectReason reason, std::string_view text);
  // The layer above found an error: queues the DISCONNECT that fits it (once; not for a link), ends the
  // connection, and hands the error back. `text` is what the peer is told; message(error.code) when empty.
  std::unexpected<Error> fail(Error error, std::string_view text = {});

  // --- receiving
  // While paused, next() takes no input: for the user-auth layer while an attempt is being decided.
  void pause() noexcept { paused_ = true; }
  void resume() noexcept { paused_ = false; }
  // UNIMPLEMENTED for the message that next() returned last.
  void send_unimplemented();

  [[nodiscard]] bool ended() const noexcept { return ended_; }

  // --- what SecureTransport does; on a link these do nothing
  [[nodiscard]] virtual bool authenticated() const noexcept { return true; }
  // Server: the method under way has messages of its own, which the table lets pass from now on.
  virtual void set_dialogue(AuthDialogue /*dialogue*/) noexcept {}
  // User auth is done: channel messages are let through, and rekeying on volume begins (PK-9).
  virtual void set_authenticated() noexcept {}
  virtual void host_signature(Bytes /*signature*/) {}
  virtual void accept_host_key() {}
  // New keys by time, and the deadline of a key exchange in progress: call next() afterwards.
  virtual void check_rekey(Clock::time_point /*now*/) {}
  virtual void start_rekey() {}
  [[nodiscard]] virtual Bytes session_id() const noexcept { return {}; }
  // The server's key of the first key exchange, as a blob; empty before.
  [[nodiscard]] virtual Bytes host_key_blob() const noexcept { return {}; }
  [[nodiscard]] virtual std::string_view peer_identification() const noexcept { return {}; }
  [[nodiscard]] virtual std::string negotiated() const { return "none"; }
  [[nodiscard]] virtual bool strict_kex() const noexcept { return false; }
  // See Engine::login_algorithms().
  [[nodiscard]] virtual std::span<const std::string_view> login_algorithms() const noexcept { return {}; }

 protected:
  using Received = Result<std::optional<Step>>;  // nothing: go on with the next packet

  explicit Transport(RandomSource& random) noexcept;

  // Which rows of the table apply now.
  [[nodiscard]] virtual Situation situation() const noexcept;
  // True when the peer's identification, if there is to be one, is behind us.
  [[nodiscard]] virtual Result<bool> receive_identification(MutableBytes& /*input*/) { return true; }
  // True for a packet that is to be taken without being looked at.
  [[nodiscard]] virtual bool skips(std::uint8_t /*number*/) noexcept { return false; }
  // Messages 5..49 that the table let pass.
  [[nodiscard]] virtual Received on_transport_message(Bytes payload);
  // One direction has used up its keys; told with every packet until there are new ones.
  virtual void on_keys_used_up() {}
  // Tells the peer why the connection fails.
  virtual void send_farewell(const Error& /*error*/, std::string_view /*text*/) {}

  // next() takes no input until the owner has answered; the layer above has pause() for that.
  void await_owner(bool awaited) noexcept { awaiting_owner_ = awaited; }
  void close_gate() noexcept { gate_open_ = false; }
  // Seals what was held back; next() then tells Writable if `tell`.
  void open_gate(bool tell);
  void send_disconnect(DisconnectReason reason, std::string_view text);
  [[nodiscard]] PacketWriter& writer() noexcept { return writer_; }
  [[nodiscard]] PacketReader& reader() noexcept { return reader_; }
  [[nodiscard]] Clock::time_point now() const noexcept { return now_; }  // of the last next() or set_now()
  void set_now(Clock::time_point now) noexcept { now_ = now; }

 private:
  [[nodiscard]] Received receive(MutableBytes& input);
  [[nodiscard]] Received handle(MutableBytes payload);
  [[nodiscard]] Step on_disconnect(Bytes payload);
  void on_ping(MutableBytes payload);
  void seal_control(Bytes payload);
  void check_keys() {
    if (writer_.keys().used_up() || reader_.keys().used_up()) [[unlikely]]
      on_keys_used_up();
  }
  void end(Error error) noexcept;

  ByteBuffer output_;
  ByteBuffer held_back_;  // uint32 length and payload of each control message that the gate holds back
  PacketWriter writer_;
  PacketReader reader_;
  Clock::time_point now_;
  std::size_t control_backlog_ = 0;
  Error error_{};
  std::uint32_t received_sequence_ = 0;  // of the last packet
  bool identified_ = false;
  bool gate_open_ = true;
  bool ended_ = false;
  bool paused_ = false;
  bool awaiting_owner_ = false;
  bool tell_writable_ = false;
};

}  // namespace fairlead::ssh
