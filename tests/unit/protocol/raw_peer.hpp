// SPDX-License-Identifier: Apache-2.0
// The other end of a plain link, made by hand: sends any message, also those that no engine would send.
#pragma once

#include "base/wire.hpp"
#include "protocol/message_numbers.hpp"
#include "support/made_message.hpp"
#include "unit/protocol/engine_log.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace fairlead::ssh::test {

// RFC 4253 section 6 without a cipher.
inline std::vector<std::byte> make_packet(Bytes payload) {
  std::size_t padding = 8 - (5 + payload.size()) % 8;
  if (padding < 4) padding += 8;
  return make_message([&](WireWriter& w) {
    w.u32(static_cast<std::uint32_t>(1 + payload.size() + padding)).byte(static_cast<std::uint8_t>(padding));
    w.raw(payload).raw(std::vector<std::byte>(padding));
  });
}

class RawPeer {
 public:
  explicit RawPeer(std::shared_ptr<const EngineConfig> config = link_config())
      : speaker(Engine::make_link(std::move(config))) {}

  bool send(Bytes payload) { return speaker.receive(make_packet(payload)); }
  bool send(const std::function<void(WireWriter&)>& fill) { return send(make_message(fill)); }

  bool open(std::uint32_t sender, std::uint32_t window = 1000, std::uint32_t max_packet = 100,
            std::string_view type = "session") {
    return send([&](WireWriter& w) {
      w.byte(msg::channel_open).string(type).u32(sender).u32(window).u32(max_packet);
    });
  }
  bool confirm(std::uint32_t recipient, std::uint32_t sender, std::uint32_t window = 1000,
               std::uint32_t max_packet = 100) {
    return send([&](WireWriter& w) {
      w.byte(msg::channel_open_confirmation).u32(recipient).u32(sender).u32(window).u32(max_packet);
    });
  }
  bool data(std::uint32_t recipient, std::string_view text) {
    return send([&](WireWriter& w) { w.byte(msg::channel_data).u32(recipient).string(text); });
  }
  bool extended(std::uint32_t recipient, std::uint32_t type, std::string_view text) {
    return send(
        [&](WireWriter& w) { w.byte(msg::channel_extended_data).u32(recipient).u32(type).string(text); });
  }
  bool adjust(std::uint32_t recipient, std::uint32_t bytes) {
    return send([&](WireWriter& w) { w.byte(msg::channel_window_adjust).u32(recipient).u32(bytes); });
  }
  bool bare(std::uint8_t number, std::uint32_t recipient) {
    return send([&](WireWriter& w) { w.byte(number).u32(recipient); });
  }
  bool request(std::uint32_t recipient, std::string_view name, bool want_reply) {
    return send(
        [&](WireWriter& w) { w.byte(msg::channel_request).u32(recipient).string(name).boolean(want_reply); });
  }
  bool global(std::string_view name, bool want_reply) {
    return send([&](WireWriter& w) { w.byte(msg::global_request).string(name).boolean(want_reply); });
  }

  // The payloads that the engine has sent since the last call, and nothing else.
  std::vector<std::vector<std::byte>> received() {
    std::vector<std::vector<std::byte>> payloads;
    ByteBuffer& output = speaker.engine.output();
    while (!output.empty()) {
      WireReader reader(output.readable());
      const std::uint32_t length = reader.u32();
      const std::uint8_t padding = reader.byte();
      const Bytes payload = reader.raw(length - 1 - padding);
      payloads.emplace_back(payload.begin(), payload.end());
      output.consume(4 + length);
    }
    speaker.engine.output_taken();
    return payloads;
  }
  // The only one.
  std::vector<std::byte> received_one() {
    auto payloads = received();
    EXPECT_EQ(payloads.size(), 1U);
    payloads.resize(1);
    return std::move(payloads.front());
  }
  // Their numbers only.
  std::vector<int> received_numbers() {
    std::vector<int> numbers;
    for (const auto& payload : received()) numbers.push_back(std::to_integer<int>(payload[0]));
    return numbers;
  }

  Engine& engine() { return speaker.engine; }
  std::vector<std::string> log() { return speaker.take_log(); }
  // The error that ended the engine; the test has failed if there is none.
  Errc error() { return speaker.error ? speaker.error->code : Errc::cancelled; }

  Speaker speaker;
};

// A channel that the peer opened as its number 7 and the engine confirmed as 0.
struct Open : RawPeer {
  explicit Open(std::shared_ptr<const EngineConfig> config = link_config()) : RawPeer(std::move(config)) {
    EXPECT_TRUE(open(7));
    engine().confirm_open(0);
    EXPECT_THAT(received_numbers(), testing::ElementsAre(91));
    EXPECT_THAT(log(), testing::ElementsAre("open 0 session"));
  }
};

}  // namespace fairlead::ssh::test
