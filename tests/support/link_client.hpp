// SPDX-License-Identifier: Apache-2.0
// The daemon's end of an agent link, blocking: for tests that drive a real agent over a socket pair.
#pragma once

#include "link/agent_link.hpp"
#include "protocol/engine.hpp"

#include <fairlead/ssh/requests.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::test {

// Everything the agent said on one channel.
struct ChannelRecord {
  std::string out, err;
  std::optional<std::uint32_t> exit_status;
  std::optional<ssh::ExitSignalRequest> exit_signal;
  bool confirmed = false, closed = false;
  std::optional<ssh::OpenFailure> refused;
  std::string refusal;
  std::vector<bool> replies;
  // What came in which order, runs of the same written once: "reply data eof exit-status close".
  std::string order;
};

class LinkClient {
 public:
  // Owns the descriptor, a stream socket.
  explicit LinkClient(int fd) : fd_(fd), engine_(ssh::Engine::make_link(config())) {}
  LinkClient(const LinkClient&) = delete;
  LinkClient& operator=(const LinkClient&) = delete;
  ~LinkClient() { hang_up(); }

  // Sends the setup request; true, or false with the agent's sentence in setup_sentence().
  bool setup(const link::Setup& setup);
  [[nodiscard]] const std::string& setup_sentence() const { return global_payload_; }

  // Opens a channel and waits for the answer; record() says whether it was confirmed.
  ssh::ChannelId open(std::string_view type = "session", ssh::Bytes extra = {});
  // Sends a request and waits for its answer.
  bool request(ssh::ChannelId channel, std::string_view name, ssh::Bytes payload = {});
  void notify(ssh::ChannelId channel, std::string_view name, ssh::Bytes payload = {});
  // Opens a session and starts the command, without waiting for its end.
  ssh::ChannelId start(std::string_view command);
  // Sends all of it, waiting for windows.
  void send(ssh::ChannelId channel, std::string_view text);
  void send_eof(ssh::ChannelId channel);
  void close(ssh::ChannelId channel);

  // Waits until the agent has closed the channel.
  ChannelRecord wait_end(ssh::ChannelId channel);
  // start(), EOF, wait_end().
  ChannelRecord run(std::string_view command);
  // Waits until standard output holds `text`; false after ten seconds.
  bool wait_output(ssh::ChannelId channel, std::string_view text);
  // Handles what comes until `done`; false when the link ended or ten seconds have passed.
  bool wait(const std::function<bool()>& done);

  // While held, received bytes are not credited, so that the agent runs out of window.
  void hold_window(bool hold) { hold_window_ = hold; }
  // Credits what was held back.
  void release_window();

  [[nodiscard]] const ChannelRecord& record(ssh::ChannelId channel) { return records_[channel]; }
  [[nodiscard]] ssh::Engine& engine() { return engine_; }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool link_ended() const { return ended_; }
  void hang_up();

 private:
  static std::shared_ptr<const ssh::EngineConfig> config();
  // One read (or timeout) and the events it brought.
  void step(std::chrono::milliseconds longest);
  void flush();
  void on_event(const ssh::EngineEvent& event);
  ChannelRecord& note(ssh::ChannelId channel, std::string_view what);
  void on_data(const ssh::event::ChannelData& data);
  void on_request(const ssh::event::ChannelRequest& request);

  int fd_;
  ssh::Engine engine_;
  ssh::ByteBuffer input_;
  std::map<ssh::ChannelId, ChannelRecord> records_;
  std::vector<std::pair<ssh::ChannelId, std::size_t>> held_;
  std::optional<bool> global_answer_;
  std::string global_payload_;
  bool hold_window_ = false;
  bool ended_ = false;
};

}  // namespace fairlead::test
