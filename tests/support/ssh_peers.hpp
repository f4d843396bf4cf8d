// SPDX-License-Identifier: Apache-2.0
// Two ends of an SSH connection in memory: engines, or bare transports that may send anything; and the pipe
// between them.
#pragma once

#include "base/wire.hpp"
#include "protocol/engine.hpp"
#include "protocol/secure_transport.hpp"
#include "support/fixed_random.hpp"

#include <fairlead/ssh/keys.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fairlead::ssh::test {

using Clock = Engine::Clock;

// One key of each type, made once per program.
const PrivateKey& test_key(PrivateKey::Type type = PrivateKey::Type::ed25519);

// "KeysReady first", "AuthAttempt password alice secret", "Disconnected 2 text", …: enough to compare with.
std::string describe(const EngineEvent& event);

// What both kinds of ends do: sign, accept host keys, and keep an account of what they are told.
class Peer {
 public:
  virtual ~Peer() = default;

  // Gives `bytes` to the end and lets it work until it wants more.
  void receive(Bytes bytes);
  void work() { receive({}); }
  // What it has to send, taken away.
  std::vector<std::byte> take_output();

  [[nodiscard]] const std::vector<std::string>& log() const { return log_; }
  [[nodiscard]] bool told(std::string_view event) const;
  [[nodiscard]] std::size_t count(std::string_view event) const;
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  // What has ended it; `cancelled` stands for nothing.
  [[nodiscard]] Errc failure() const { return error_ ? error_->code : Errc::cancelled; }
  void clear_log() { log_.clear(); }

  std::vector<PrivateKey> host_keys;  // of a server
  bool accepts_host_key = true;       // of a client
  bool signs = true;                  // of a server
  Clock::time_point now{std::chrono::seconds(1000)};

 protected:
  struct Outcome {
    bool more;  // call again
  };
  virtual Outcome step(MutableBytes& input) = 0;
  virtual ByteBuffer& output() = 0;
  virtual void sign(Bytes signature) = 0;
  virtual void accept_key() = 0;
  // Called by step().
  void on_event(const EngineEvent& event);
  void on_error(Error error) { error_ = error; }

  std::vector<std::string> log_;

 private:
  ByteBuffer inbox_;
  std::optional<Error> error_;
};

class EnginePeer final : public Peer {
 public:
  explicit EnginePeer(EngineConfig config, std::uint64_t seed = 1);
  [[nodiscard]] Engine& engine() { return *engine_; }
  // Accepts and refuses logins as they come: a password is right when it is "right", a key when it is
  // trusted_key, a certificate when trusted_authority signed it.
  bool decides = true;
  std::optional<PublicKey> trusted_key, trusted_authority;

 private:
  Outcome step(MutableBytes& input) override;
  ByteBuffer& output() override { return engine_->output(); }
  void sign(Bytes signature) override { engine_->host_signature(signature); }
  void accept_key() override { engine_->accept_host_key(); }
  void decide(const event::AuthAttempt& attempt);

  FixedRandom random_;
  std::shared_ptr<const EngineConfig> config_;
  std::optional<Engine> engine_;
};

// A transport without the layers above: sends whatever it is told to.
class TransportPeer final : public Peer {
 public:
  explicit TransportPeer(EngineConfig config, std::uint64_t seed = 2);
  [[nodiscard]] SecureTransport& transport() { return *transport_; }
  // Payloads of number ≥ 50 that came.
  [[nodiscard]] std::vector<std::vector<std::byte>>& messages() { return messages_; }
  [[nodiscard]] std::vector<int> numbers() const;

 private:
  Outcome step(MutableBytes& input) override;
  ByteBuffer& output() override { return transport_->output(); }
  void sign(Bytes signature) override { transport_->host_signature(signature); }
  void accept_key() override { transport_->accept_host_key(); }

  FixedRandom random_;
  EngineConfig config_;
  std::optional<SecureTransport> transport_;
  std::vector<std::vector<std::byte>> messages_;
};

EngineConfig server_config(std::vector<PrivateKey::Type> host_keys = {PrivateKey::Type::ed25519});
EngineConfig client_config();

// How many bytes go at once.
struct Splitter {
  std::size_t fixed = 0;          // 0: all that there is
  FixedRandom* random = nullptr;  // else: 1 to 100, at random
  [[nodiscard]] std::size_t take(std::size_t available) const;
};

// Carries bytes both ways until nobody has anything to say.
void pump(Peer& a, Peer& b, Splitter splitter = {});

// Connects both up to their NEWKEYS and takes the client's SERVICE_REQUEST away, so that the test says what
// comes instead. The client must prefer chacha20-poly1305, whose nonce is the sequence number and can be set
// back.
void connect_without_service(TransportPeer& server, TransportPeer& client);

// A payload from its number and fields.
class Payload {
 public:
  explicit Payload(std::uint8_t number) { WireWriter(buffer_).byte(number); }
  template <class... Fields>
  Payload(std::uint8_t number, const Fields&... fields) : Payload(number) {
    (add(fields), ...);
  }
  Payload& add(std::string_view text) { return WireWriter(buffer_).string(text), *this; }
  Payload& add(const std::string& text) { return add(std::string_view(text)); }
  Payload& add(const char* text) { return add(std::string_view(text)); }
  Payload& add(Bytes bytes) { return WireWriter(buffer_).string(bytes), *this; }
  Payload& add(const std::vector<std::byte>& bytes) { return add(Bytes(bytes)); }
  Payload& add(bool value) { return WireWriter(buffer_).boolean(value), *this; }
  Payload& add(std::uint32_t value) { return WireWriter(buffer_).u32(value), *this; }
  operator Bytes() const { return buffer_.readable(); }

 private:
  ByteBuffer buffer_;
};

}  // namespace fairlead::ssh::test
