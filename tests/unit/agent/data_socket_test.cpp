// SPDX-License-Identifier: Apache-2.0
// Programs whose standard input and output go over a data socket: the same ends as over the link, and what is
// wrong with a data socket is told.
#include "agent_process.hpp"
#include "base/wire.hpp"

#include <gmock/gmock.h>

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <utility>

namespace fairlead::test {
namespace {

using testing::HasSubstr;

struct Program {
  ssh::ChannelId channel;
  FileDescriptor data;  // the daemon's end
};

std::pair<FileDescriptor, FileDescriptor> socket_pair() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

// What comes until the end, or until ten seconds pass without anything.
std::string read_to_end(const FileDescriptor& data) {
  std::string all;
  std::array<char, 65536> piece;
  for (;;) {
    pollfd ready{data.get(), POLLIN, 0};
    if (::poll(&ready, 1, 10'000) != 1) return all + "(no end)";
    const auto got = ::read(data.get(), piece.data(), piece.size());
    if (got <= 0) return all;
    all.append(piece.data(), static_cast<std::size_t>(got));
  }
}

void write_all(const FileDescriptor& data, std::string_view text) {
  ASSERT_EQ(::send(data.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

void close_write(const FileDescriptor& data) {
  ::shutdown(data.get(), SHUT_WR);
}

class DataSocketTest : public AgentTest {
 protected:
  void announce(ssh::ChannelId channel, std::uint32_t number) {
    std::array<std::byte, 4> payload{};
    ssh::store_u32(payload.data(), number);
    link().notify(channel, link::data_socket_request, payload);
  }
  Program start(const std::string& command) {
    auto [ours, theirs] = socket_pair();
    const auto channel = link().open();
    const auto number = agent_.data_sockets().send(theirs.get());
    EXPECT_TRUE(number);
    announce(channel, number.value_or(0));
    EXPECT_TRUE(link().request(channel, "exec", ssh::ExecRequest{command}.encode()));
    return {channel, std::move(ours)};
  }
  // The output and the record of a program that reads no input.
  std::pair<std::string, ChannelRecord> run_over_socket(const std::string& command) {
    const Program program = start(command);
    close_write(program.data);
    std::string output = read_to_end(program.data);
    return {std::move(output), link().wait_end(program.channel)};
  }
};

TEST_F(DataSocketTest, SetupSaysThatTheAgentTakesThem) {
  EXPECT_EQ(link().setup_sentence(), link::takes_data_sockets);
}

TEST_F(DataSocketTest, NoByteIsLostWhenTheProgramEndsAtOnce) {
  for (int i = 0; i < 50; ++i) {
    const auto [output, end] = run_over_socket("head -c 300000 /dev/zero | tr '\\0' x; exit 7");
    ASSERT_EQ(output.size(), 300000u);
    ASSERT_EQ(output.find_first_not_of('x'), std::string::npos);
    ASSERT_EQ(end.exit_status, 7u);
    ASSERT_EQ(end.order, "reply eof exit-status close");
  }
}

TEST_F(DataSocketTest, TheEndOfInputClosesStandardInputAndNothingElse) {
  const Program program = start("cat; echo over; exit 3");
  write_all(program.data, "input ");
  close_write(program.data);
  EXPECT_EQ(read_to_end(program.data), "input over\n");
  EXPECT_EQ(link().wait_end(program.channel).exit_status, 3u);
}

TEST_F(DataSocketTest, AProgramWhoseOutputNobodyReadsGetsSigpipe) {
  const Program program = start("read go; while :; do echo more; done");
  EXPECT_TRUE(link().request(program.channel, "eow@openssh.com"));
  write_all(program.data, "go\n");
  EXPECT_EQ(read_to_end(program.data), "");
  const auto end = link().wait_end(program.channel);
  ASSERT_TRUE(end.exit_signal);
  EXPECT_EQ(end.exit_signal->name, "PIPE");
}

TEST_F(DataSocketTest, StandardErrorStaysWithTheLink) {
  const auto [output, end] = run_over_socket("echo out; echo err >&2");
  EXPECT_EQ(output, "out\n");
  EXPECT_EQ(end.err, "err\n");
  EXPECT_EQ(end.out, "");
}

TEST_F(DataSocketTest, MuchGoesBothWays) {
  const Program program = start("tr a b");
  const std::string piece(100'000, 'a');
  std::string output;
  std::array<char, 65536> taken;
  constexpr std::size_t all = 20'000'000;
  for (std::size_t sent = 0; output.size() < all;) {
    pollfd ready{program.data.get(), static_cast<short>(sent < all ? POLLIN | POLLOUT : POLLIN), 0};
    ASSERT_EQ(::poll(&ready, 1, 10'000), 1);
    if ((ready.revents & POLLOUT) != 0) {
      const auto size = ::send(program.data.get(), piece.data(), std::min(piece.size(), all - sent),
                               MSG_DONTWAIT | MSG_NOSIGNAL);
      if (size > 0) sent += static_cast<std::size_t>(size);
      if (sent == all) close_write(program.data);
    }
    const auto got = ::recv(program.data.get(), taken.data(), taken.size(), MSG_DONTWAIT);
    if (got > 0) output.append(taken.data(), static_cast<std::size_t>(got));
  }
  EXPECT_EQ(output.size(), all);
  EXPECT_EQ(output.find_first_not_of('b'), std::string::npos);
  EXPECT_EQ(link().wait_end(program.channel).exit_status, 0u);
}

TEST_F(DataSocketTest, OutputThatNobodyReadsStopsTheProgramAndNothingIsLost) {
  const TemporaryDirectory directory;
  const auto written = directory / "written";
  const Program program =
      start("dd if=/dev/zero bs=1000 count=5000 2>/dev/null; echo > " + written + "; exit 4");
  EXPECT_EQ(link().run("sleep 0.3; [ -e " + written + " ]").exit_status, 1u) << "5 MB are in no buffer";
  EXPECT_EQ(read_to_end(program.data).size(), 5'000'000u);
  EXPECT_EQ(link().wait_end(program.channel).exit_status, 4u);
}

TEST_F(DataSocketTest, AProgramThatClosesItsOutputRunsOn) {
  const TemporaryDirectory directory;
  const auto fifo = directory / "fifo";
  const Program program =
      start("mkfifo " + fifo + "; echo early; exec >&- 2>&-; read word < " + fifo + "; exit 5");
  EXPECT_EQ(read_to_end(program.data), "early\n");
  EXPECT_FALSE(link().record(program.channel).closed);
  EXPECT_EQ(link().run("echo word > " + fifo).exit_status, 0u);
  EXPECT_EQ(link().wait_end(program.channel).exit_status, 5u);
}

TEST_F(DataSocketTest, AChildInTheBackgroundKeepsTheSessionOpenWhileItHoldsTheOutput) {
  const TemporaryDirectory directory;
  const auto fifo = directory / "fifo";
  const Program program = start("mkfifo " + fifo + "; cat " + fifo + " & echo early; exit 3");
  std::array<char, 6> early;
  EXPECT_EQ(::recv(program.data.get(), early.data(), early.size(), MSG_WAITALL), 6);
  EXPECT_EQ(link().run("sleep 0.1; echo late > " + fifo).exit_status, 0u);
  EXPECT_EQ(read_to_end(program.data), "late\n");
  EXPECT_EQ(link().wait_end(program.channel).exit_status, 3u);
}

TEST_F(DataSocketTest, InputThatIsNotReadAnyMoreIsRefused) {
  const Program program = start("exec <&-; echo closed; sleep 60");
  std::array<char, 7> word;
  EXPECT_EQ(::recv(program.data.get(), word.data(), word.size(), MSG_WAITALL), 7);
  const std::string piece(1000, 'x');
  ssize_t sent = 0;
  for (int i = 0; i < 100 && sent >= 0; ++i) {
    sent = ::send(program.data.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
    link().run("true");  // the agent has had its turn
  }
  EXPECT_EQ(sent, -1);
  EXPECT_EQ(errno, EPIPE);
}

TEST_F(DataSocketTest, ClosingTheChannelHangsTheProgramUpAndItsLastWordsDoNotKillIt) {
  const TemporaryDirectory directory;
  const auto file = directory / "file";
  Program program = start("trap 'echo last words; echo hung up > " + file +
                          "; exit' HUP; echo ready; while :; do sleep 0.05; done");
  std::array<char, 6> ready;
  EXPECT_EQ(::recv(program.data.get(), ready.data(), ready.size(), MSG_WAITALL), 6);
  const auto witness = link().start("until [ -s " + file + " ]; do sleep 0.02; done; cat " + file);
  program.data.reset();
  link().close(program.channel);
  EXPECT_EQ(link().wait_end(witness).out, "hung up\n");
}

TEST_F(DataSocketTest, ANumberThatIsNotThereIsASentence) {
  for (const std::uint32_t number : {1u, 77u}) {
    const auto channel = link().open();
    announce(channel, number);
    EXPECT_TRUE(link().request(channel, "exec", ssh::ExecRequest{"echo never"}.encode()));
    const auto end = link().wait_end(channel);
    EXPECT_EQ(end.err, "fairlead: The program cannot be started: this box is out of descriptors.\n");
    EXPECT_EQ(end.exit_status, 126u);
  }
}

TEST_F(DataSocketTest, SocketsOfChannelsThatEndedOnTheWayArePassedOver) {
  const auto stale = socket_pair();
  ASSERT_TRUE(agent_.data_sockets().send(stale.second.get()));
  EXPECT_EQ(run_over_socket("echo mine").first, "mine\n");
}

TEST_F(DataSocketTest, ATerminalKeepsToTheLink) {
  const auto [ours, theirs] = socket_pair();
  const auto channel = link().open();
  announce(channel, agent_.data_sockets().send(theirs.get()).value());
  EXPECT_TRUE(link().request(channel, "pty-req", ssh::PtyRequest{"xterm", {}, {}}.encode()));
  EXPECT_TRUE(link().request(channel, "exec", ssh::ExecRequest{"tty >/dev/null && echo terminal"}.encode()));
  EXPECT_EQ(link().wait_end(channel).out, "terminal\r\n");
}

TEST_F(DataSocketTest, AProgramThatCannotStartSaysSo) {
  const auto [output, end] = run_over_socket("exec /not/there");
  EXPECT_EQ(output, "");
  EXPECT_THAT(end.err, HasSubstr("/not/there"));
  EXPECT_EQ(end.exit_status, 127u);
}

TEST_F(DataSocketTest, NoDescriptorIsLeft) {
  const auto open_descriptors = [this] {
    (void)link().open("nothing");  // its refusal comes after the agent has seen our last CLOSE
    const std::filesystem::directory_iterator all("/proc/" + std::to_string(agent_.pid()) + "/fd");
    return std::distance(begin(all), end(all));
  };
  (void)run_over_socket("true");
  const auto before = open_descriptors();
  for (int i = 0; i < 50; ++i) (void)run_over_socket("echo x");
  EXPECT_EQ(open_descriptors(), before);
}

class PreambleTest : public testing::Test {
 protected:
  // The agent's exit status when its link begins with that.
  int status_after(std::string_view beginning) {
    AgentOptions options;
    options.link = "bare";
    AgentProcess agent(options);
    EXPECT_EQ(::send(agent.link().fd(), beginning.data(), beginning.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(beginning.size()));
    agent.link().hang_up();
    return WEXITSTATUS(agent.wait().value());
  }
};

TEST_F(PreambleTest, ADaemonOfAnotherVersionEndsTheAgent) {
  EXPECT_EQ(status_after(std::string_view("\0\0\0\x1c", 4)), 1);
  EXPECT_EQ(status_after(""), 1);
}

TEST_F(PreambleTest, WithoutADescriptorEverythingGoesOverTheLink) {
  AgentOptions options;
  options.link = "bare";
  AgentProcess agent(options);
  ASSERT_EQ(::send(agent.link().fd(), "D", 1, MSG_NOSIGNAL), 1);
  ASSERT_TRUE(agent.link().setup({}));
  EXPECT_EQ(agent.link().setup_sentence(), "");
  EXPECT_EQ(agent.link().run("echo hi").out, "hi\n");
}

}  // namespace
}  // namespace fairlead::test
