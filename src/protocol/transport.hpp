// SPDX-License-Identifier: Apache-2.0
// The transport layer of one connection (RFC 4253), sans-I/O: identification, packets, key exchanges,
// services.
//
//   input ─► VersionExchange ─► PacketReader ─► legality table ─► Handshake │ service messages │ Message to
//   the layer above output ◄─ PacketWriter ◄─ begin_packet()/end_packet(), send() ◄─ gate (closed during a
//   key exchange)
#pragma once

#include "protocol/engine.hpp"
#include "protocol/handshake.hpp"
#include "protocol/legality.hpp"
#include "protocol/packet_codec.hpp"
#include "protocol/version_exchange.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <variant>

namespace fairlead::ssh {

// Engine::Impl owns one of these, a UserAuthServer or UserAuthClient, and the channel table. Engine::next()
// is a loop:
//
//   step = transport.next(input, now)
//     EngineEvent → return it
//     Message     → number 50..79: event = user_auth.on_message(payload); number ≥ 80: the connection
//     protocol's own.
//               No event to tell: loop again. An error from there: return transport.fail(error).
//
// The legality table (TM-6) has already been applied: user-auth messages come only in Phase::auth and in the
// direction that our role may receive; messages ≥ 80 come only after set_authenticated(), and only numbers
// that RFC 4254 defines. UNIMPLEMENTED answers for the rest, PING, IGNORE, DEBUG and DISCONNECT are dealt
// with here.
//
// Role::link has no identification and no key exchange: packets of the `none` cipher from the first byte,
// authenticated from the start, the gate always open. An error there queues no DISCONNECT.
class Transport {
 public:
  using Clock = Engine::Clock;

  // A message of number ≥ 50 for the layer above; payload[0] is the number, and the payload is never empty.
  // It points into next()'s input and is valid until the next call of next().
  struct Message {
    MutableBytes payload;
  };
  using Step = std::variant<EngineEvent, Message>;

  // `config` and `random` must outlive this object. The identification string and our KEXINIT are in output()
  // at once.
  Transport(const EngineConfig& config, RandomSource& random);
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // Engine::next()'s contract. Returns NeedMore while paused (see pause()), and also tells events that came
  // about without input, so call it after host_signature(), accept_host_key(), resume() and check_rekey()
  // too. After an error or Disconnected it returns that error (or disconnected_by_peer) for ever and takes no
  // input.
  //
  // A client's KeysReady{first} comes when the server has also accepted the service ssh-userauth: the client
  // may authenticate from there on. Writable{} without a channel is told when the gate opens again after a
  // rekey.
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
  [[nodiscard]] bool gate_open() const noexcept { return !ended_ && !handshake_.holds_back_output(); }
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

  // --- keys
  void host_signature(Bytes signature);
  void accept_host_key();
  void check_rekey(Clock::time_point now);
  void start_rekey();

  // --- facts
  // User auth is done: channel messages are let through, and rekeying on volume begins (PK-9).
  void set_authenticated();
  [[nodiscard]] bool authenticated() const noexcept { return authenticated_; }
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] Bytes session_id() const noexcept { return handshake_.session_id(); }
  // The server's key of the first key exchange, as a blob; empty before.
  [[nodiscard]] Bytes host_key_blob() const noexcept { return handshake_.host_key_blob(); }
  [[nodiscard]] std::string_view peer_identification() const noexcept { return version_.peer(); }
  [[nodiscard]] std::string negotiated() const { return handshake_.negotiated(); }
  // The state that decides which messages may come now.
  [[nodiscard]] Phase phase() const noexcept;

 private:
  [[nodiscard]] Result<std::optional<Step>> receive(MutableBytes& input);
  [[nodiscard]] Result<std::optional<Step>> dispatch(MutableBytes payload);
  [[nodiscard]] Result<std::optional<Step>> handle(MutableBytes payload);
  [[nodiscard]] Result<std::optional<EngineEvent>> on_disconnect(Bytes payload);
  [[nodiscard]] Result<std::optional<EngineEvent>> on_service_request(Bytes payload);
  [[nodiscard]] Result<std::optional<EngineEvent>> on_service_accept(Bytes payload);
  [[nodiscard]] Result<std::optional<EngineEvent>> on_ext_info(Bytes payload);
  [[nodiscard]] Result<std::optional<EngineEvent>> on_key_exchange(MutableBytes payload);
  void seal_control(Bytes payload);
  void open_gate();
  void rekey_on_volume();
  void end(Error error) noexcept;

  const EngineConfig& config_;
  ByteBuffer output_;
  ByteBuffer held_back_;  // uint32 length and payload of each control message that the gate holds back
  PacketWriter writer_;
  PacketReader reader_;
  VersionExchange version_;
  Handshake handshake_;
  Clock::time_point now_{};
  Clock::time_point last_keys_{};  // when the current keys came into use
  std::optional<Clock::time_point> kex_started_;
  std::size_t control_backlog_ = 0;
  Error error_{};
  unsigned ext_infos_ = 0;
  unsigned early_exchanges_ = 0;  // key exchanges before authentication
  unsigned service_requests_ = 0;
  bool service_accepted_ = false;
  bool authenticated_ = false;
  bool ended_ = false;
  bool paused_ = false;
  bool tell_writable_ = false;
};

}  // namespace fairlead::ssh
