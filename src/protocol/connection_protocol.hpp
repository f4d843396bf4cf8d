// SPDX-License-Identifier: Apache-2.0
// The connection protocol (RFC 4254): messages 80 to 100 in, events out; channels, windows and the order of
// replies.
#pragma once

#include "base/wire.hpp"
#include "protocol/channel_table.hpp"
#include "protocol/engine.hpp"
#include "protocol/transport.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace fairlead::ssh {

// Exists only on an authenticated transport (CVE-2018-10933, CVE-2025-32433). Its calls have the contracts of
// Engine's of the same names.
class ConnectionProtocol {
 public:
  using Clock = Engine::Clock;

  // Both must outlive this object.
  ConnectionProtocol(const EngineConfig& config, Transport& transport)
      : config_(config), transport_(transport), channels_(config.channels) {}

  // A message of number ≥ 80. Errors are for Transport::fail(), which the caller calls.
  [[nodiscard]] Result<std::optional<EngineEvent>> on_message(Bytes payload, Clock::time_point now);

  [[nodiscard]] Result<ChannelId> open_channel(std::string_view type, Bytes extra);
  void confirm_open(ChannelId id, Bytes extra);
  void refuse_open(ChannelId id, OpenFailure reason, std::string_view text);
  [[nodiscard]] std::size_t writable(ChannelId id) const noexcept;
  std::size_t send_data(ChannelId id, DataType type, Bytes data);
  [[nodiscard]] MutableBytes prepare_data(ChannelId id, DataType type, std::size_t max);
  void commit_data(std::size_t size);
  void consumed(ChannelId id, std::size_t bytes);
  void send_eof(ChannelId id);
  void close_channel(ChannelId id);
  void send_request(ChannelId id, std::string_view name, bool want_reply, Bytes payload);
  void reply(ChannelId id, std::uint32_t ticket, bool success);
  void send_global_request(std::string_view name, bool want_reply, Bytes payload);
  void reply_global(std::uint32_t ticket, bool success, Bytes payload);

 private:
  using Told = Result<std::optional<EngineEvent>>;
  struct Target {
    ChannelId id;
    ChannelRecord* record;
  };

  [[nodiscard]] Told on_global_request(Bytes body);
  [[nodiscard]] Told on_global_reply(Bytes body, bool success);
  [[nodiscard]] Told on_open(Bytes body);
  [[nodiscard]] Told on_confirmation(Bytes body);
  [[nodiscard]] Told on_open_failure(Bytes body);
  [[nodiscard]] Told on_window_adjust(Bytes body);
  [[nodiscard]] Told on_data(Bytes body);
  [[nodiscard]] Told on_extended_data(Bytes body);
  [[nodiscard]] Told on_eof(Bytes body);
  [[nodiscard]] Told on_close(Bytes body);
  [[nodiscard]] Told on_request(Bytes body);
  [[nodiscard]] Told on_reply(Bytes body, bool success);

  // The channel that a message is for, by our number. Unknown numbers are an error.
  [[nodiscard]] Result<Target> target(WireReader& reader) const;
  // The ticket to tell a request with, 0 when no reply is wanted; nothing when the application is not asked
  // at all.
  [[nodiscard]] Result<std::optional<std::uint32_t>> admit(TicketQueue& queue, std::string_view name,
                                                           bool want_reply) const;
  [[nodiscard]] Told receive_data(Target target, DataType type, bool wanted, Bytes data);
  void give_credit(ChannelRecord& channel, std::size_t bytes);
  void send_close(ChannelId id, ChannelRecord& channel);
  void send_answers(ChannelRecord& channel);
  void send_global_answers();
  void send_open_failure(std::uint32_t peer_id, OpenFailure reason, std::string_view text);
  void erase(ChannelId id);

  const EngineConfig& config_;
  Transport& transport_;
  ChannelTable channels_;
  TicketQueue global_requests_;
  std::uint64_t global_replies_expected_ = 0;
  bool no_more_sessions_ = false;  // the peer has given up the right to open another one
  Clock::time_point now_;
  // What receive windows of this connection may still grow by, all together: the memory that a peer can make
  // us hold.
  std::uint32_t window_growth_left_ = limits::largest_window;
  // Between prepare_data() and commit_data().
  ChannelRecord* prepared_ = nullptr;
  MutableBytes slot_;
  std::size_t slot_header_ = 0;
};

}  // namespace fairlead::ssh
