// SPDX-License-Identifier: Apache-2.0
// The sans-I/O engine of one SSH connection: bytes in, events and bytes out. No clock, no sockets, no
// threads.
//
//   received bytes ─► next() ─► EngineEvent …      calls: confirm_open(), reply(), send_data(), consumed() …
//                                                        └─► output(): sealed bytes for the peer
#pragma once

#include "base/byte_buffer.hpp"
#include "base/secret.hpp"
#include "crypto/random.hpp"
#include "protocol/algorithms.hpp"
#include "protocol/engine_event.hpp"

#include <fairlead/ssh/error.hpp>
#include <fairlead/ssh/keys.hpp>
#include <fairlead/ssh/limits.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

enum class Role : std::uint8_t {
  server,
  client,
  link,  // the connection protocol alone, in packets without encryption; both ends are equal (design D5)
};

struct EngineConfig {
  Role role = Role::server;
  std::string identification = "SSH-2.0-Fairlead";  // without CR LF
  AlgorithmPreferences algorithms;                  // an empty list stands for the role's defaults
  std::vector<PublicKey> host_keys;                 // server: in order of preference; signing happens outside
  std::vector<Certificate> host_certificates;  // server: offered before the keys, each for a key of those
  std::string banner;                          // server: sent once before the first authentication answer
  // Server: names for USERAUTH_FAILURE, such as "publickey", "password". Others are refused without asking.
  std::vector<std::string> auth_methods;
  unsigned auth_failures = limits::auth_failures;
  std::uint64_t rekey_bytes = limits::rekey_bytes;               // 0: only the ciphers' own limits
  std::chrono::seconds rekey_interval = limits::rekey_interval;  // 0: never by time
  // Refuses peers that do not know strict key exchange (KX-16). Without it an attacker on the way can cut off
  // the first packets under chacha20-poly1305 (Terrapin, CVE-2023-48795).
  bool require_strict_kex = false;
  // PK-10: encrypted packets, without their tag, have a multiple of so many bytes; rounded up to what every
  // cipher can, and at most limits::padding_unit. 0: what the cipher needs.
  std::size_t padding_unit = 0;
  std::uint32_t window = limits::initial_window;
  std::uint32_t max_packet = limits::channel_packet;
  std::size_t channels = limits::channels;
  // What may wait for the application: channels that it has not decided about, requests (per channel, and of
  // the connection) that it has not answered.
  std::size_t undecided_channels = limits::undecided_channels;
  std::size_t unanswered_requests = limits::unanswered_requests;
};

// What a GSS-API mechanism says of its failure; what is empty or zero is not sent.
struct GssapiFailure {
  std::vector<std::byte> token;
  std::uint32_t major = 0, minor = 0;  // status codes
  std::string message;
};

// After an error the engine is finished: output() holds a DISCONNECT that fits it, and every other call does
// nothing.
class Engine {
 public:
  using Clock = std::chrono::steady_clock;

  Engine(std::shared_ptr<const EngineConfig> config, RandomSource& random);
  // The same for Role::link, which needs no randomness. A program that makes its engines only here links no
  // cryptography (the static agent, design section 4): the packet layer behind Engine is an interface, and
  // only the constructor above, in a source file of its own, names the encrypted one.
  [[nodiscard]] static Engine make_link(std::shared_ptr<const EngineConfig> config);
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  // Receives from the front of `input` until there is an event to tell; `input` is advanced past what was
  // used and decrypted in place. Call again until NeedMore, keep what is left, append to it what arrives.
  [[nodiscard]] Result<EngineEvent> next(MutableBytes& input, Clock::time_point now);

  // Sealed bytes for the peer. The owner may consume from it or swap in another empty buffer.
  [[nodiscard]] ByteBuffer& output() noexcept;
  // The part of output() that the peer caused (replies, adjustments), as far as not consumed: a bound for the
  // reader.
  [[nodiscard]] std::size_t control_backlog() const noexcept;
  // Call when output() has been handed to the socket completely.
  void output_taken() noexcept;

  // --- transport
  void host_signature(Bytes signature);
  void accept_host_key();
  // Starts new keys if the limits of EngineConfig say so; cheap, call it at least every few seconds.
  void check_rekey(Clock::time_point now);
  void start_rekey();
  [[nodiscard]] Bytes session_id() const noexcept;
  [[nodiscard]] std::string_view peer_identification() const noexcept;
  // Names in use, for logs: "curve25519-sha256 ssh-ed25519 aes128-gcm@openssh.com".
  [[nodiscard]] std::string negotiated() const;
  // Whether strict key exchange is in force (KX-16); known with KeysReady.
  [[nodiscard]] bool strict_kex() const noexcept;
  // Queues DISCONNECT; nothing is sent after it.
  void disconnect(DisconnectReason reason, std::string_view text);
  [[nodiscard]] bool authenticated() const noexcept;

  // --- authentication, server
  void accept_auth();
  void reject_auth();
  // The same for the client, but no failure of its (UA-19): nobody could be asked. After limits::auth_outages
  // of these it is one.
  void excuse_auth();
  void accept_auth_query();
  // Right, but one of `methods` is needed too (RFC 4252 section 5.1); from now on nothing else is taken.
  void continue_auth(std::vector<std::string> methods);
  // keyboard-interactive: AuthAnswers will come, unless the client does something else. False when this
  // dialogue has had limits::auth_rounds rounds, or none is pending: it has to be rejected.
  [[nodiscard]] bool prompt_auth(const PromptRound& round);
  // gssapi-with-mic. `complete`: the mechanism has established its context, and GssapiMic is awaited.
  void choose_gssapi(Bytes mechanism);
  void continue_gssapi(Bytes token, bool complete);
  // reject_auth() with the mechanism's own words before it.
  void reject_gssapi(const GssapiFailure& failure);
  // While an attempt is pending: what its user is to read before the answer (RFC 4252 section 5.4).
  void show_banner(std::string_view text);
  // Client: what the server's server-sig-algs (RFC 8308 section 3.1) lists of the signature algorithms that
  // we know, best first; empty when it has not said.
  [[nodiscard]] std::span<const std::string_view> login_algorithms() const noexcept;
  // --- authentication, client; one attempt at a time, answered by AuthSucceeded, AuthFailed,
  // AuthQueryAccepted or AuthPrompts. `key` is the wire form of a key or of a certificate, `algorithm` one of
  // its algorithms().
  void request_none(std::string_view user);
  void request_password(std::string_view user, Bytes password);
  void request_keyboard_interactive(std::string_view user);
  void answer_prompts(std::span<const SecretBytes> answers);                              // after AuthPrompts
  void request_public_key(std::string_view user, Bytes key, std::string_view algorithm);  // query
  // What the signature of a publickey request covers (RFC 4252 section 7), then the request itself. A
  // certificate's key signs with plain_algorithm().
  [[nodiscard]] std::vector<std::byte> public_key_challenge(std::string_view user, Bytes key,
                                                            std::string_view algorithm) const;
  void request_public_key_signed(std::string_view user, Bytes key, std::string_view algorithm,
                                 Bytes signature);

  // --- channels. Calls for a channel that is unknown or closed do nothing.
  [[nodiscard]] Result<ChannelId> open_channel(std::string_view type, Bytes extra);
  void confirm_open(ChannelId channel, Bytes extra = {});
  void refuse_open(ChannelId channel, OpenFailure reason, std::string_view text);
  // How many data bytes may be sent at once now: bounded by the peer's window and maximum packet size; 0
  // during a key exchange and after our EOF.
  [[nodiscard]] std::size_t writable(ChannelId channel) const noexcept;
  // Copies and seals at most writable() bytes; returns how many.
  std::size_t send_data(ChannelId channel, DataType type, Bytes data);
  // Without the copy: a slot of at most writable() and `max` bytes inside output(), then its first `size`
  // bytes are sealed and sent. No other call of the engine may come between; commit_data(0) gives the slot
  // back.
  [[nodiscard]] MutableBytes prepare_data(ChannelId channel, DataType type, std::size_t max);
  void commit_data(std::size_t size);
  void consumed(ChannelId channel, std::size_t bytes);
  void send_eof(ChannelId channel);
  // Idempotent. Unanswered requests of the peer are not answered any more.
  void close_channel(ChannelId channel);
  void send_request(ChannelId channel, std::string_view name, bool want_reply, Bytes payload);
  void reply(ChannelId channel, std::uint32_t ticket, bool success);
  void send_global_request(std::string_view name, bool want_reply, Bytes payload);
  void reply_global(std::uint32_t ticket, bool success, Bytes payload = {});

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::ssh
