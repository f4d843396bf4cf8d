// SPDX-License-Identifier: Apache-2.0
// Key exchanges of RFC 4253 sections 7 to 9 in both roles: the first one and every rekey, strict kex (KX-16)
// included.
//
//   start() or the peer's KEXINIT ─► KEXINIT out ─► both known: negotiate
//     server: KEX_INIT in ─► SignatureWanted ─► host_signature(): KEX_REPLY, NEWKEYS, EXT_INFO out
//     client: KEX_INIT out, KEX_REPLY in ─► first time HostKeyOffered ─► accept_host_key(): NEWKEYS out
//   NEWKEYS in ─► KeysReady
#pragma once

#include "protocol/engine.hpp"
#include "protocol/key_schedule.hpp"
#include "protocol/legality.hpp"
#include "protocol/packet_codec.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

class Handshake {
 public:
  struct Parts {
    const EngineConfig& config;
    RandomSource& random;
    PacketReader& reader;
    PacketWriter& writer;
  };
  // Everything must outlive this object.
  explicit Handshake(const Parts& parts);
  ~Handshake();
  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;

  // Sends our KEXINIT. Nothing happens when a key exchange is under way.
  [[nodiscard]] Result<> start();
  // Messages 20 to 49 that the legality table let pass; `peer` is the peer's identification.
  [[nodiscard]] Result<std::optional<EngineEvent>> on_message(Bytes payload, std::string_view peer);
  // True for the packet behind a wrong guess (RFC 4253 section 7), which has to be a key exchange's.
  [[nodiscard]] bool skips(std::uint8_t number) noexcept;

  // The owner's answers. Nothing happens when they were not asked for.
  [[nodiscard]] Result<> host_signature(Bytes signature);
  [[nodiscard]] Result<> accept_host_key();
  // SignatureWanted or HostKeyOffered waits for its answer: nothing may be received.
  [[nodiscard]] bool awaits_owner() const noexcept;

  // Our KEXINIT is out and our NEWKEYS is not: nothing but key exchange messages may be sent (KX-4).
  [[nodiscard]] bool holds_back_output() const noexcept { return holds_back_output_; }
  // From the first KEXINIT of either side to the NEWKEYS of both.
  [[nodiscard]] bool in_progress() const noexcept { return exchange_ != nullptr; }
  // What may come now by the handshake's lights; nothing when the layers above decide.
  [[nodiscard]] std::optional<Phase> phase() const noexcept;
  [[nodiscard]] bool strict() const noexcept { return strict_; }
  // Bytes after which the cipher in use wants new keys, whatever the configuration says (PK-8).
  [[nodiscard]] std::uint64_t cipher_bytes(Flow flow) const noexcept;

  [[nodiscard]] Bytes session_id() const noexcept { return session_id_; }
  [[nodiscard]] Bytes host_key_blob() const noexcept { return host_key_blob_; }
  [[nodiscard]] std::string negotiated() const;

 private:
  using Told = Result<std::optional<EngineEvent>>;
  struct Exchange;  // one key exchange; exists while in_progress()

  [[nodiscard]] bool is_server() const noexcept { return parts_.config.role == Role::server; }
  [[nodiscard]] bool is_first() const noexcept { return !keys_in_use_; }
  [[nodiscard]] Told on_kexinit(Bytes payload);
  [[nodiscard]] Result<> read_markers(const KexInit& message);
  [[nodiscard]] Told on_client_value(Bytes payload, std::string_view peer);
  [[nodiscard]] Told on_server_reply(Bytes payload, std::string_view peer);
  [[nodiscard]] Told on_newkeys(Bytes payload);
  struct HostKeyChoice {
    std::size_t index;           // into the configured keys
    Bytes blob;                  // what is shown: the key, or its certificate
    std::string_view signature;  // the algorithm that signs
  };
  // The first that can be shown as negotiated.
  [[nodiscard]] Result<HostKeyChoice> choose_host_key() const;
  void hash_transcript(std::string_view peer);
  [[nodiscard]] Result<> switch_output();
  [[nodiscard]] Result<> send_ext_info();
  [[nodiscard]] std::uint64_t byte_budget(Flow flow) const noexcept;

  Parts parts_;
  std::unique_ptr<Exchange> exchange_;
  NegotiatedAlgorithms algorithms_;
  std::vector<std::byte> session_id_;
  std::vector<std::byte> host_key_blob_;
  bool keys_in_use_ = false;  // the first key exchange is over
  bool strict_ = false;
  bool peer_takes_ext_info_ = false;
  bool holds_back_output_ = false;
};

}  // namespace fairlead::ssh
