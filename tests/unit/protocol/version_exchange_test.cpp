// SPDX-License-Identifier: Apache-2.0
// Identification strings, good, bad and endless (ID-1 to ID-6).
#include "protocol/version_exchange.hpp"

#include <fairlead/ssh/limits.hpp>

#include <gtest/gtest.h>

#include <optional>

namespace fairlead::ssh::test {
namespace {

struct Outcome {
  std::optional<Errc> error;
  bool identified = false;
  std::string peer;
  std::string rest;
};

Outcome receive(std::string text, bool as_client, std::size_t piece = 0) {
  VersionExchange version(as_client);
  Outcome outcome;
  std::size_t begin = 0;
  std::size_t end = 0;
  while (end < text.size() && !outcome.identified) {
    end = piece == 0 ? text.size() : std::min(text.size(), end + piece);
    MutableBytes input(reinterpret_cast<std::byte*>(text.data()) + begin, end - begin);
    const std::size_t before = input.size();
    const auto done = version.receive(input);
    if (!done) {
      outcome.error = done.error().code;
      return outcome;
    }
    begin += before - input.size();
    outcome.identified = *done;
  }
  outcome.peer = version.peer();
  outcome.rest = text.substr(begin);
  return outcome;
}

Outcome as_server(std::string text) {
  return receive(std::move(text), false);
}
Outcome as_client(std::string text) {
  return receive(std::move(text), true);
}

TEST(VersionExchange, KeepsTheLineExactlyAsReceived) {
  EXPECT_EQ(as_server("SSH-2.0-OpenSSH_10.0 a comment \r\n").peer, "SSH-2.0-OpenSSH_10.0 a comment ");
  EXPECT_EQ(as_server("SSH-2.0-bare\n").peer, "SSH-2.0-bare");
  EXPECT_EQ(as_server("SSH-1.99-old\r\n").peer, "SSH-1.99-old");
}

TEST(VersionExchange, LeavesWhatFollowsToThePackets) {
  for (const std::size_t piece : {0U, 1U, 5U}) {
    const auto outcome = receive("SSH-2.0-x\r\nSSH-2.0-not a line", false, piece);
    EXPECT_TRUE(outcome.identified);
    EXPECT_EQ(outcome.rest.substr(0, 8), "SSH-2.0-");
  }
}

TEST(VersionExchange, OtherVersionsAndBadCharactersAreRefused) {
  for (const char* line : {"SSH-1.5-x\r\n", "SSH-2.1-x\r\n", "SSH-3.0-x\n", "SSH-\n", "SSH-2.0\n"})
    EXPECT_EQ(as_server(line).error, Errc::bad_identification) << line;
  EXPECT_EQ(as_server("SSH-2.0-a\rb\r\n").error, Errc::bad_identification);
  EXPECT_EQ(as_server(std::string("SSH-2.0-a\0b\r\n", 13)).error, Errc::bad_identification);
}

// ID-3, CVE-2026-48108 (russh): lines before the identification, without end.
TEST(VersionExchange, AServerWaitsForNoOtherLine) {
  EXPECT_EQ(as_server("G").error, Errc::bad_identification);
  EXPECT_EQ(as_server("GET / HTTP/1.1\r\n").error, Errc::bad_identification);
  EXPECT_EQ(as_server("\r\nSSH-2.0-x\r\n").error, Errc::bad_identification);
  EXPECT_FALSE(as_server("SS").error);
}

TEST(VersionExchange, TheLineIsBounded) {
  const auto line = [](std::size_t size) { return "SSH-2.0-" + std::string(size - 10, 'x') + "\r\n"; };
  EXPECT_TRUE(as_server(line(255)).identified);
  EXPECT_EQ(as_server(line(256)).error, Errc::bad_identification);
  EXPECT_EQ(as_server("SSH-2.0-" + std::string(64 * 1024, 'x')).error, Errc::bad_identification);
}

TEST(VersionExchange, AClientSkipsLinesBefore) {
  for (const std::size_t piece : {0U, 1U}) {
    const auto outcome = receive("Welcome\r\n\nto SSH-2.0-nothing\r\nSSH-2.0-real\r\nrest", true, piece);
    EXPECT_TRUE(outcome.identified);
    EXPECT_EQ(outcome.peer, "SSH-2.0-real");
  }
}

TEST(VersionExchange, LinesBeforeAreBoundedInNumberAndBytes) {
  std::string many;
  for (std::size_t i = 0; i < limits::lines_before_identification; ++i) many += "x\n";
  EXPECT_TRUE(as_client(many + "SSH-2.0-x\n").identified);
  EXPECT_EQ(as_client(many + "x\n").error, Errc::bad_identification);
  EXPECT_EQ(as_client(std::string(limits::line_before_identification + 1, 'x')).error,
            Errc::bad_identification);
  std::string heavy;
  for (int i = 0; i < 10; ++i) heavy += std::string(8000, 'y') + "\n";
  EXPECT_EQ(as_client(heavy).error, Errc::bad_identification);
}

TEST(VersionExchange, WhatWeSendIsChecked) {
  EXPECT_TRUE(check_identification("SSH-2.0-Fairlead"));
  EXPECT_TRUE(check_identification("SSH-2.0-Fairlead_1.0 with-a comment"));
  EXPECT_TRUE(check_identification("SSH-2.0-" + std::string(245, 'x')));
  const std::pair<std::string, std::string_view> bad[] = {{"", "begin with SSH-2.0-"},
                                                          {"SSH-1.99-x", "begin with SSH-2.0-"},
                                                          {"SSH-2.0-", "no software"},
                                                          {"SSH-2.0- x", "no software"},
                                                          {"SSH-2.0-a-b", "minus sign"},
                                                          {"SSH-2.0-a\r", "printable"},
                                                          {"SSH-2.0-a\nSSH-2.0-b", "minus sign"},
                                                          {"SSH-2.0-a c\n", "printable"},
                                                          {"SSH-2.0-\x80", "printable"},
                                                          {"SSH-2.0-" + std::string(246, 'x'), "over 253"}};
  for (const auto& [line, fault] : bad) {
    const auto checked = check_identification(line);
    ASSERT_FALSE(checked) << line;
    EXPECT_NE(to_string(checked.error()).find(fault), std::string::npos) << to_string(checked.error());
  }
}

}  // namespace
}  // namespace fairlead::ssh::test
