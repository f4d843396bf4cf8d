// SPDX-License-Identifier: Apache-2.0
// The relay with data sockets: the same ends as over the link, whatever the box does with its end.
#include "base/wire.hpp"
#include "link/agent_link.hpp"
#include "stage.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace fairlead::relay {
namespace {

using DataSocketOfTest = asio::local::stream_protocol::socket;

struct DataStage : Stage {
  explicit DataStage(asio::io_context& io) : Stage(io), executor(io.get_executor()) {
    std::array<int, 2> link{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, link.data()), 0);
    const FileDescriptor ours(link[0]), theirs(link[1]);
    auto sender = link::DescriptorSender::open(ours.get());
    EXPECT_TRUE(sender);
    receiver = link::DescriptorReceiver::open(theirs.get()).value();
    auto made = std::make_shared<FakeBox>(std::move(agent_link.a));
    made->sender = std::move(sender);
    gate->open(made);
    start();
  }

  // The agent's end of what was announced.
  DataSocketOfTest take(const ssh::Request& announcement) {
    ssh::WireReader reader(announcement.payload());
    auto found = receiver.take(reader.u32());
    EXPECT_TRUE(found);
    return DataSocketOfTest(executor, asio::local::stream_protocol(), found.release());
  }

  asio::any_io_executor executor;
  link::DescriptorReceiver receiver;
};

struct Program : Session {
  DataSocketOfTest data;
};

// A program whose data socket was announced before the request for it.
Task<Program> start_with_socket(DataStage& stage) {
  Session session = co_await open_both(stage);
  ssh::TaskScope scope(co_await asio::this_coro::executor);
  scope.spawn(ask_for_program(session.client.channel));
  auto announcement = co_await session.agent.requests.next();
  if (!announcement) throw std::runtime_error("no announcement");
  EXPECT_EQ(announcement->name(), link::data_socket_request);
  DataSocketOfTest data = stage.take(*announcement);
  const std::string name = co_await answer_next(session.agent);
  EXPECT_EQ(name, "exec");
  co_await scope.join();
  co_return Program{std::move(session), std::move(data)};
}

void end_with(ssh::OpenedChannel& agent, std::uint32_t status) {
  agent.channel.close_write();
  agent.channel.send_exit_status(status);
  agent.channel.close();
}

// Reads with patience, until the end.
Task<std::string> read_data(DataSocketOfTest& data) {
  std::string all;
  std::array<char, 4096> piece;
  for (;;) {
    boost::system::error_code error;
    const auto size =
        co_await data.async_read_some(asio::buffer(piece), asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return all;
    all.append(piece.data(), size);
  }
}

class RelayDataSocket : public Play<DataStage> {};

TEST_F(RelayDataSocket, AllOutputThenEofThenStatusThenClose) {
  play([&]() -> Task<> {
    Program program = co_await start_with_socket(stage);
    const auto output = pattern(3'000'000);
    auto run = [&]() -> Task<> {
      co_await asio::async_write(program.data, asio::buffer(output), asio::use_awaitable);
      end_with(program.agent, 7);
      program.data.close();
    };
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(run());
    const auto received = co_await ssh::test::read_all(program.client.channel);
    EXPECT_TRUE(received == output);
    EXPECT_EQ(co_await status_of(program.client), 7u);
    co_await scope.join();
    EXPECT_EQ(stage.ends, std::vector<std::string>{"exit-status"});
  });
}

TEST_F(RelayDataSocket, StandardErrorComesOverTheLink) {
  play([&]() -> Task<> {
    Program program = co_await start_with_socket(stage);
    co_await expect_standard_error_apart(program.agent.channel, program.client.channel);
  });
}

TEST_F(RelayDataSocket, ABoxThatKeepsItsEndOpenDoesNotKeepTheSession) {
  play([&]() -> Task<> {
    Program program = co_await start_with_socket(stage);
    const std::string words = "last words";
    co_await asio::async_write(program.data, asio::buffer(words), asio::use_awaitable);
    end_with(program.agent, 0);
    const std::string output = co_await ssh::test::read_text(program.client.channel);
    EXPECT_EQ(output, words);
    EXPECT_EQ(co_await status_of(program.client), 0u);
    EXPECT_TRUE(program.data.is_open());
  });
}

TEST_F(RelayDataSocket, ClientEofClosesStandardInputAndNothingElse) {
  play([&]() -> Task<> {
    Program program = co_await start_with_socket(stage);
    const auto input = as_bytes("input");
    co_await program.client.channel.write(input);
    program.client.channel.close_write();
    const std::string seen = co_await read_data(program.data);
    EXPECT_EQ(seen, "input");
    const std::string late = "late output";
    co_await asio::async_write(program.data, asio::buffer(late), asio::use_awaitable);
    end_with(program.agent, 0);
    const std::string output = co_await ssh::test::read_text(program.client.channel);
    EXPECT_EQ(output, late);
  });
}

TEST_F(RelayDataSocket, InputThatIsNotReadAnyMoreIsDroppedWithItsCredit) {
  play([&]() -> Task<> {
    Program program = co_await start_with_socket(stage);
    program.data.shutdown(DataSocketOfTest::shutdown_receive);
    const auto much = pattern(5 * ssh::limits::initial_window);
    co_await program.client.channel.write(much);  // only completes when credit comes back
    end_with(program.agent, 0);
    EXPECT_EQ(co_await ssh::test::read_text(program.client.channel), "");
    EXPECT_EQ(co_await status_of(program.client), 0u);
  });
}

TEST_F(RelayDataSocket, UnreadInputDoesNotTakeOutputAlong) {
  play([&]() -> Task<> {
    Program program = co_await start_with_socket(stage);
    const auto input = as_bytes("never read");
    co_await program.client.channel.write(input);
    co_await settle();
    const std::string words = "output";
    co_await asio::async_write(program.data, asio::buffer(words), asio::use_awaitable);
    program.data.close();  // the kernel says ECONNRESET to the other end
    end_with(program.agent, 3);
    EXPECT_EQ(co_await ssh::test::read_text(program.client.channel), words);
    EXPECT_EQ(co_await status_of(program.client), 3u);
  });
}

TEST_F(RelayDataSocket, AClientThatDoesNotReadStopsTheProgram) {
  play([&]() -> Task<> {
    Program program = co_await start_with_socket(stage);
    std::size_t written = 0;
    auto flood = [&]() -> Task<> {
      const auto piece = pattern(10'000);
      for (;;) written += co_await program.data.async_write_some(asio::buffer(piece), asio::use_awaitable);
    };
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(flood());
    co_await settle();
    // The client's window, and what the kernel holds of a Unix socket.
    EXPECT_LE(written, ssh::limits::initial_window + 1'000'000);
    EXPECT_GE(written, ssh::limits::initial_window);
    const auto before = written;
    co_await settle();
    EXPECT_EQ(written, before);
  });
}

TEST_F(RelayDataSocket, ALostBoxIsExplainedAfterItsOutput) {
  play([&]() -> Task<> {
    Program program = co_await start_with_socket(stage);
    const std::string words = "output";
    co_await asio::async_write(program.data, asio::buffer(words), asio::use_awaitable);
    program.data.close();
    stage.agent().connection.close({ssh::Errc::connection_closed, "killed"});
    const std::string told = co_await read_both_streams(program.client.channel);
    EXPECT_EQ(told, "output\r\nfairlead: The box ran out of memory.\r\n");
    EXPECT_EQ(stage.ends, std::vector<std::string>{"lost"});
  });
}

TEST_F(RelayDataSocket, AClientThatLeavesHangsUp) {
  play([&]() -> Task<> {
    Program program = co_await start_with_socket(stage);
    const auto much = pattern(10'000);
    boost::system::error_code error;
    auto flood = [&]() -> Task<> {
      while (!error)
        (void)co_await program.data.async_write_some(asio::buffer(much),
                                                     asio::redirect_error(asio::use_awaitable, error));
    };
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(flood());
    co_await settle();
    stage.client().connection.close({ssh::Errc::connection_closed, "gone"});
    co_await scope.join();
    EXPECT_EQ(error, asio::error::broken_pipe);
    co_await program.agent.channel.closed();
  });
}

TEST_F(RelayDataSocket, TerminalsKeepToTheLink) {
  play([&]() -> Task<> {
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    auto ask = [&]() -> Task<> {
      auto client = co_await open_session(stage.client());
      const ssh::PtyRequest terminal{"xterm", {}, {}};
      const bool pty = co_await client.channel.request("pty-req", terminal.encode());
      EXPECT_TRUE(pty);
      const bool shell = co_await client.channel.request("shell");
      EXPECT_TRUE(shell);
    };
    scope.spawn(ask());
    ssh::OpenedChannel agent = co_await accept_next(stage.agent());
    EXPECT_EQ(co_await answer_next(agent), "pty-req");
    EXPECT_EQ(co_await answer_next(agent), "shell");
    co_await scope.join();
  });
}

// Runs one program, over whatever the relay chooses, with an agent that never looks at its data sockets.
Task<bool> was_announced(DataStage& stage) {
  Session session = co_await open_both(stage);
  auto run = [&]() -> Task<> {
    co_await ask_for_program(session.client.channel);
    const std::string output = co_await ssh::test::read_text(session.client.channel);
    EXPECT_EQ(output, "over the link");
    EXPECT_EQ(co_await status_of(session.client), 0u);
  };
  ssh::TaskScope scope(co_await asio::this_coro::executor);
  scope.spawn(run());
  std::string name = co_await answer_next(session.agent);
  const bool announced = name == link::data_socket_request;
  if (announced) name = co_await answer_next(session.agent);
  EXPECT_EQ(name, "exec");
  const auto words = as_bytes("over the link");
  co_await session.agent.channel.write(words);
  end_with(session.agent, 0);
  co_await scope.join();
  co_return announced;
}

TEST_F(RelayDataSocket, ABoxThatNeverTakesItsSocketsGetsAHandfulAndIsServedOverTheLink) {
  play([&]() -> Task<> {
    int announced = 0;
    for (int i = 0; i < 60; ++i)
      if (co_await was_announced(stage)) ++announced;
    EXPECT_GT(announced, 0);
    EXPECT_LT(announced, 20) << "sockets in flight are the daemon's";
    EXPECT_FALSE(co_await was_announced(stage));
  });
}

TEST_F(RelayDataSocket, ABoxThatClosesTheDescriptorSocketIsServedOverTheLink) {
  play([&]() -> Task<> {
    stage.receiver = {};
    EXPECT_FALSE(co_await was_announced(stage));
  });
}

TEST_F(RelayDataSocket, ARefusedRequestLeavesNothingBehind) {
  play([&]() -> Task<> {
    Session session = co_await open_both(stage);
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    for (const bool granted : {false, true}) {
      scope.spawn(ask_for_program(session.client.channel, granted));
      auto announcement = co_await session.agent.requests.next();
      if (!announcement) throw std::runtime_error("no announcement");
      DataSocketOfTest data = stage.take(*announcement);
      EXPECT_EQ(co_await answer_next(session.agent, granted), "exec");
      co_await settle();
      std::array<char, 1> byte;
      boost::system::error_code error;
      data.non_blocking(true);
      (void)data.read_some(asio::buffer(byte), error);
      EXPECT_EQ(error, granted ? asio::error::would_block : boost::system::error_code(asio::error::eof));
    }
    co_await scope.join();
  });
}

TEST_F(RelayDataSocket, NoDescriptorIsLeft) {
  const auto open_descriptors = [] {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  play([&]() -> Task<> {
    const auto before = open_descriptors();
    for (int i = 0; i < 50; ++i) {
      Program program = co_await start_with_socket(stage);
      end_with(program.agent, 0);
      EXPECT_EQ(co_await ssh::test::read_text(program.client.channel), "");
    }
    co_await settle();
    EXPECT_EQ(open_descriptors(), before);
  });
}

}  // namespace
}  // namespace fairlead::relay
