// SPDX-License-Identifier: Apache-2.0
// A relay between a client and an agent that the test plays itself.
#pragma once

#include "relay/relay.hpp"
#include "unit/ssh/loop.hpp"

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace fairlead::relay {

namespace asio = ssh::asio;
using ssh::as_bytes;
using ssh::Task;
using ssh::test::accept_next;
using ssh::test::Loop;
using ssh::test::pattern;
using ssh::test::settle;

class FakeBox final : public backend::Box {
 public:
  explicit FakeBox(ssh::AcceptedConnection peer) : peer_(std::move(peer)) {}
  ssh::AcceptedConnection& peer() override { return peer_; }
  std::string id() const override { return "fake"; }
  Task<> remove() override {
    if (on_remove) on_remove();
    co_return;
  }
  Task<std::string> end_reason() override { co_return "The box ran out of memory."; }
  link::DescriptorSender* data_sockets() override { return sender ? &*sender : nullptr; }

  Task<std::unique_ptr<backend::Box>> launch_for_session() override {
    if (failure) throw backend::BackendError("failed", *failure);
    co_return std::move(for_session);
  }

  std::function<void()> on_remove;
  std::optional<link::DescriptorSender> sender;  // without one everything goes over the link
  std::unique_ptr<backend::Box> for_session;     // given out once
  std::optional<std::string> failure;            // of launch_for_session()

 private:
  ssh::AcceptedConnection peer_;
};

// client ── relay ── agent, both outer ends in the test's hands.
struct Stage {
  explicit Stage(asio::io_context& io)
      : client_link(io),
        agent_link(io),
        gate(std::make_shared<BoxGate>(io.get_executor())),
        relaying(io.get_executor()) {}

  ssh::AcceptedConnection& client() { return client_link.a; }
  ssh::AcceptedConnection& agent() { return agent_link.b; }
  void open_box() { gate->open(std::make_shared<FakeBox>(std::move(agent_link.a))); }
  void start(RelayOptions options = {}) {
    options.observer = [this](const RelayEvent& event) {
      if (const auto* ended = std::get_if<ProgramEnded>(&event)) ends.emplace_back(ended->how);
      if (const auto* refused = std::get_if<RequestRefused>(&event)) codes.emplace_back(refused->code);
      if (const auto* refused = std::get_if<ChannelRefused>(&event)) codes.emplace_back(refused->code);
      if (const auto* forced = std::get_if<CommandForced>(&event))
        codes.emplace_back(forced->told ? "forced" : "not told");
    };
    relaying.spawn(relay(std::move(client_link.b), gate, std::move(options)));
  }

  ssh::test::LinkPair client_link, agent_link;
  std::shared_ptr<BoxGate> gate;
  ssh::TaskScope relaying;
  std::vector<std::string> ends;
  std::vector<std::string> codes;  // of what was refused or forced
};

// Runs the test's part, then lets the client leave and everything come to its end.
inline Task<> to_the_end(Stage& stage, Task<> test) {
  co_await std::move(test);
  stage.client().connection.close({ssh::Errc::connection_closed, "test over"});
  if (!stage.gate->decided()) stage.gate->fail("test over");
  co_await stage.relaying.join();
}

// What every test of the relay is: one coroutine that plays both outer ends.
template <class AStage>
class Play : public testing::Test {
 protected:
  void play(std::invocable auto test) { loop.run(to_the_end(stage, test())); }
  void start_with_box(RelayOptions options = {}) {
    stage.open_box();
    stage.start(std::move(options));
  }
  Loop loop;
  AStage stage{loop.io};
};

inline Task<ssh::OpenedChannel> open_session(ssh::AcceptedConnection& client) {
  auto opened = co_await client.connection.open_channel("session");
  if (!opened) throw std::runtime_error("refused: " + opened.error().text);
  co_return std::move(*opened);
}

// A session of which the client's and the agent's end are open.
struct Session {
  ssh::OpenedChannel client, agent;
};

inline Task<Session> open_both(Stage& stage, ssh::AcceptedConnection& box) {
  ssh::TaskScope scope(co_await asio::this_coro::executor);
  std::optional<ssh::OpenedChannel> client;
  auto open = [&]() -> Task<> { client.emplace(co_await open_session(stage.client())); };
  scope.spawn(open());
  ssh::OpenedChannel agent = co_await accept_next(box);
  co_await scope.join();
  co_return Session{std::move(*client), std::move(agent)};
}
inline Task<Session> open_both(Stage& stage) {
  return open_both(stage, stage.agent());
}

inline Task<> ask_for_program(ssh::Channel client, bool granted = true) {
  const ssh::ExecRequest exec{"run"};
  const bool answer = co_await client.request("exec", exec.encode());
  EXPECT_EQ(answer, granted);
}

// Answers the next request of the agent's channel and tells its name.
inline Task<std::string> answer_next(ssh::OpenedChannel& channel, bool success = true) {
  auto request = co_await channel.requests.next();
  if (!request) co_return "(end)";
  std::string name(request->name());
  request->reply(success);
  co_return name;
}

inline Task<std::uint32_t> status_of(ssh::OpenedChannel& client) {
  auto status = co_await client.requests.next();
  if (!status) throw std::runtime_error("no exit status");
  EXPECT_EQ(status->name(), "exit-status");
  const auto body = status->parse<ssh::ExitStatusRequest>();
  co_return body ? body->status : 999;
}

// Output and standard error as they come, to the end.
inline Task<std::string> read_both_streams(ssh::Channel client) {
  std::vector<std::byte> buffer(1000);
  std::string told;
  for (;;) {
    const ssh::Chunk chunk = co_await client.read_chunk(buffer);
    if (chunk.size == 0) co_return told;
    told += ssh::as_text(ssh::Bytes(buffer).first(chunk.size));
  }
}

// One piece of standard error.
inline Task<std::string> read_error(ssh::Channel channel) {
  std::vector<std::byte> buffer(1000);
  const ssh::Chunk chunk = co_await channel.read_chunk(buffer);
  EXPECT_EQ(chunk.type, ssh::StreamType::stderr_);
  co_return ssh::to_string(ssh::Bytes(buffer).first(chunk.size));
}

// As every client does: OpenSSH's has written what it was told when it answers.
inline Task<> answer_keepalive(ssh::AcceptedConnection& client) {
  auto request = co_await client.requests.next();
  if (!request) co_return;
  EXPECT_EQ(request->name(), "keepalive@openssh.com");
  request->reply(false);
}

// What the program complains about arrives as standard error, and nothing else does.
inline Task<> expect_standard_error_apart(ssh::Channel agent, ssh::Channel client) {
  const auto complaint = as_bytes("complaint");
  co_await agent.write_stderr(complaint);
  const std::string told = co_await read_error(client);
  EXPECT_EQ(told, "complaint");
}

}  // namespace fairlead::relay
