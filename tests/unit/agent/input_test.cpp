// SPDX-License-Identifier: Apache-2.0
// Standard input: half-close, bulk, and programs that do not read it.
#include "agent_process.hpp"

#include <gmock/gmock.h>

#include <string>

namespace fairlead::test {
namespace {

using InputTest = AgentTest;

TEST_F(InputTest, ClientEofClosesStandardInputAndNothingElse) {
  const auto session = link().start("cat; echo end");
  link().send(session, "hi\n");
  link().send_eof(session);
  EXPECT_EQ(link().wait_end(session).out, "hi\nend\n");
}

TEST_F(InputTest, BytesComeThroughInBulkUnchanged) {
  std::string text;
  for (int i = 0; text.size() < 5'000'000; ++i) text += std::to_string(i) + ' ';
  const auto session = link().start("sleep 0.05; cat");
  link().send(session, text);
  link().send_eof(session);
  EXPECT_TRUE(link().wait_end(session).out == text);
}

TEST_F(InputTest, DataBeforeTheProgramIsKeptForIt) {
  const auto session = link().open();
  link().send(session, "early ");
  link().request(session, "exec", ssh::ExecRequest{"cat"}.encode());
  link().send(session, "late");
  link().send_eof(session);
  EXPECT_EQ(link().wait_end(session).out, "early late");
}

TEST_F(InputTest, EofBeforeTheProgramCounts) {
  const auto session = link().open();
  link().send(session, "all");
  link().send_eof(session);
  link().request(session, "exec", ssh::ExecRequest{"cat; echo ."}.encode());
  EXPECT_EQ(link().wait_end(session).out, "all.\n");
}

TEST_F(InputTest, AProgramThatDoesNotReadStopsTheClientAtTheWindow) {
  const auto session = link().start("exec sleep 1000");
  const std::string piece(32 * 1024, 'x');
  std::size_t sent = 0;
  while (sent < 4'000'000) {
    const auto size = link().engine().send_data(session, ssh::DataType::standard, ssh::as_bytes(piece));
    ASSERT_EQ(link().run("true").exit_status,
              0u);  // the link itself goes on, and has dealt with what came before
    if (size == 0) break;
    sent += size;
  }
  EXPECT_GE(sent, 1'000'000u);  // the window, and what the pipe took
  EXPECT_LT(sent, 2'000'000u);
  link().close(session);
}

TEST_F(InputTest, AProgramThatClosesItsInputDoesNotStallTheClient) {
  const auto session = link().start("exec 0<&-; echo closed; sleep 60");
  ASSERT_TRUE(link().wait_output(session, "closed\n"));
  link().send(session, std::string(5'000'000, 'x'));
  EXPECT_TRUE(link().wait([&] { return link().engine().writable(session) > 0; }));
  EXPECT_FALSE(link().record(session).closed);
  link().close(session);
}

TEST_F(InputTest, WhatIsSentToAProgramThatHasEndedIsDropped) {
  const auto session = link().start("exit 5");
  link().send(session, std::string(5'000'000, 'x'));
  EXPECT_EQ(link().wait_end(session).exit_status, 5u);
}

}  // namespace
}  // namespace fairlead::test
