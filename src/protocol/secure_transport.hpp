// SPDX-License-Identifier: Apache-2.0
// The transport layer of RFC 4253 for servers and clients: identification, key exchanges, services and
// EXT_INFO.
#pragma once

#include "protocol/handshake.hpp"
#include "protocol/transport.hpp"
#include "protocol/version_exchange.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

// A client's KeysReady{first} comes when the server has also accepted the service ssh-userauth: the client
// may authenticate from there on. Writable{} without a channel is told when the gate opens again after a
// rekey.
class SecureTransport final : public Transport {
 public:
  // Not for Role::link. Both must outlive this object. Our identification and KEXINIT are in output() at
  // once.
  SecureTransport(const EngineConfig& config, RandomSource& random);

  [[nodiscard]] bool authenticated() const noexcept override { return authenticated_; }
  void set_dialogue(AuthDialogue dialogue) noexcept override { dialogue_ = dialogue; }
  void set_authenticated() noexcept override { authenticated_ = true; }
  void host_signature(Bytes signature) override;
  void accept_host_key() override;
  void check_rekey(Clock::time_point now) override;
  void start_rekey() override;
  [[nodiscard]] Bytes session_id() const noexcept override { return handshake_.session_id(); }
  [[nodiscard]] Bytes host_key_blob() const noexcept override { return handshake_.host_key_blob(); }
  [[nodiscard]] std::string_view peer_identification() const noexcept override { return version_.peer(); }
  [[nodiscard]] std::string negotiated() const override { return handshake_.negotiated(); }
  [[nodiscard]] bool strict_kex() const noexcept override { return handshake_.strict(); }
  [[nodiscard]] std::span<const std::string_view> login_algorithms() const noexcept override {
    return login_algorithms_;
  }

  // The state that decides which messages may come now.
  [[nodiscard]] Phase phase() const noexcept;
  // One direction's sequence number and key counters; for tests of limits that take 2^31 packets.
  using Transport::reader;
  using Transport::writer;

 private:
  [[nodiscard]] Situation situation() const noexcept override;
  [[nodiscard]] Result<bool> receive_identification(MutableBytes& input) override {
    return version_.receive(input);
  }
  [[nodiscard]] bool skips(std::uint8_t number) noexcept override { return handshake_.skips(number); }
  [[nodiscard]] Received on_transport_message(Bytes payload) override;
  void on_keys_used_up() override;
  void send_farewell(const Error& error, std::string_view text) override;

  [[nodiscard]] Received on_service_request(Bytes payload);
  [[nodiscard]] Received on_service_accept(Bytes payload);
  [[nodiscard]] Received on_ext_info(Bytes payload);
  void take_login_algorithms(std::string_view listed);
  [[nodiscard]] Received on_key_exchange(Bytes payload);
  [[nodiscard]] Result<> before_kexinit();
  // The peer has not done its part of a key exchange in time.
  [[nodiscard]] bool is_overdue(Clock::time_point now) const noexcept;
  // The gate follows the handshake: our KEXINIT closes it, our NEWKEYS opens it.
  void follow_handshake();

  const EngineConfig& config_;
  VersionExchange version_;
  Handshake handshake_;
  Clock::time_point keys_since_;  // when the present keys came into use
  std::optional<Clock::time_point> exchange_began_;
  std::vector<std::string_view> login_algorithms_;  // of ours, so that a server's list costs no memory
  unsigned ext_infos_ = 0;
  unsigned early_exchanges_ = 0;  // before authentication
  unsigned service_requests_ = 0;
  AuthDialogue dialogue_ = AuthDialogue::none;
  bool service_accepted_ = false;
  bool authenticated_ = false;
};

}  // namespace fairlead::ssh
