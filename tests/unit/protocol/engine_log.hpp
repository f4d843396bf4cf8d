// SPDX-License-Identifier: Apache-2.0
// An Engine for tests: its events become lines of text, so that a test reads as the conversation it expects.
#pragma once

#include "protocol/engine.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fairlead::ssh::test {

inline std::shared_ptr<const EngineConfig> link_config(std::uint32_t window = 1000,
                                                       std::uint32_t max_packet = 100,
                                                       std::size_t channels = limits::channels) {
  auto config = std::make_shared<EngineConfig>();
  config->role = Role::link;
  config->window = window;
  config->max_packet = max_packet;
  config->channels = channels;
  return config;
}

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

// What the event says, short: "open 0 session", "data 0 hello", "request 0 exec want", "reply 0 ok" …
inline std::string describe(const EngineEvent& told) {
  const auto number = [](auto value) { return std::to_string(static_cast<unsigned long>(value)); };
  return std::visit(
      Overloaded{
          [&](const event::ChannelOpen& e) {
            return "open " + number(e.channel) + " " + std::string(e.type);
          },
          [&](const event::OpenConfirmed& e) { return "confirmed " + number(e.channel); },
          [&](const event::OpenFailed& e) {
            return "failed " + number(e.channel) + " " + number(e.reason) + " " + std::string(e.text);
          },
          [&](const event::ChannelData& e) {
            return (e.type == DataType::standard ? "data " : "stderr ") + number(e.channel) + " " +
                   to_string(e.data);
          },
          [&](const event::Writable& e) { return "writable " + (e.channel ? number(*e.channel) : "all"); },
          [&](const event::ChannelRequest& e) {
            return "request " + number(e.channel) + " " + std::string(e.name) + (e.want_reply ? " want" : "");
          },
          [&](const event::ChannelReply& e) {
            return "reply " + number(e.channel) + (e.success ? " ok" : " no");
          },
          [&](const event::ChannelEof& e) { return "eof " + number(e.channel); },
          [&](const event::ChannelClosed& e) { return "closed " + number(e.channel); },
          [&](const event::GlobalRequest& e) {
            return "global " + std::string(e.name) + (e.want_reply ? " want" : "");
          },
          [&](const event::GlobalReply& e) {
            return std::string("global-reply ") + (e.success ? "ok" : "no") +
                   (e.payload.empty() ? "" : " " + to_string(e.payload));
          },
          [&](const event::Disconnected& e) {
            return "disconnected " + number(e.reason) + " " + std::string(e.text);
          },
          [](const event::KeysReady& e) { return std::string(e.first ? "keys" : "rekeyed"); },
          [](const event::AuthRefused& e) { return "auth-refused " + std::string(e.method); },
          [](const event::AuthSucceeded&) { return std::string("auth-ok"); },
          [](const event::AuthQueryAccepted&) { return std::string("auth-query-ok"); },
          [](const event::AuthFailed& e) {
            return "auth-failed " + std::string(e.methods) + (e.partial_success ? " partial" : "");
          },
          [](const event::AuthBanner& e) { return "banner " + std::string(e.text); },
          [](const auto&) { return std::string("other"); },
      },
      told);
}

// An engine with what it has said so far.
struct Speaker {
  explicit Speaker(Engine made) : engine(std::move(made)) {}

  // Feeds `bytes` and collects every event. False once the engine has failed.
  bool receive(Bytes bytes, Engine::Clock::time_point now = {}) {
    inbox.append(bytes);
    while (!error) {
      MutableBytes input = inbox.readable();
      const std::size_t before = input.size();
      auto told = engine.next(input, now);
      if (!told) {
        error = told.error();
        break;
      }
      const bool more = !std::holds_alternative<event::NeedMore>(*told);
      if (more) note(*told);
      if (more && on_event) on_event(*told);
      inbox.consume(before - input.size());
      if (!more) break;
    }
    return !error;
  }

  void note(const EngineEvent& told) {
    log.push_back(describe(told));
    if (const auto* request = std::get_if<event::ChannelRequest>(&told)) tickets.push_back(request->ticket);
    if (const auto* request = std::get_if<event::GlobalRequest>(&told)) tickets.push_back(request->ticket);
  }

  [[nodiscard]] std::vector<std::string> take_log() { return std::exchange(log, {}); }

  Engine engine;
  ByteBuffer inbox;
  std::vector<std::string> log;
  std::vector<std::uint32_t> tickets;
  std::optional<Error> error;
  std::function<void(const EngineEvent&)> on_event;  // answers what must be answered before the next event
};

// Moves what both have to say to the other, `step` bytes at a time, until both are silent.
inline void exchange(Speaker& a, Speaker& b, std::size_t step = 1, Engine::Clock::time_point now = {}) {
  const auto move_some = [&](Speaker& from, Speaker& to) {
    ByteBuffer& output = from.engine.output();
    if (output.empty()) return false;
    const Bytes all = output.readable();
    const std::vector<std::byte> piece(all.begin(),
                                       all.begin() + static_cast<long>(std::min(step, all.size())));
    output.consume(piece.size());
    if (output.empty()) from.engine.output_taken();
    to.receive(piece, now);
    return true;
  };
  for (bool moved = true; moved;) {
    moved = move_some(a, b);
    moved = move_some(b, a) || moved;
  }
}

}  // namespace fairlead::ssh::test
