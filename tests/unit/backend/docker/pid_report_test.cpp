// SPDX-License-Identifier: Apache-2.0
// The process id of ContainerSSH's agent, in any pieces and through a terminal, and what is none.
#include "backend/docker/pid_report.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fairlead::docker {
namespace {

std::string number(std::uint32_t pid) {
  std::string text;
  for (int shift = 0; shift < 32; shift += 8) text += static_cast<char>(pid >> shift & 255);
  return text;
}

// What a terminal makes of output.
std::string through_a_terminal(const std::string& text) {
  std::string shown;
  for (const char c : text) shown += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return shown;
}

// Fed `step` bytes at a time; "PID rest", or "none taken" with what is left.
std::string read(bool terminal, std::string_view bytes, std::size_t step) {
  PidReport report(terminal);
  bool complete = false;
  std::string rest;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    auto piece = ssh::as_bytes(bytes.substr(at, step));
    if (!complete) complete = report.take(piece);
    rest += ssh::as_text(piece);
  }
  if (report.pid()) return std::to_string(*report.pid()) + " " + rest;
  return "none " + ssh::to_string(report.taken()) + rest;
}

TEST(PidReport, AnyNumberInAnyPiecesWithAndWithoutATerminal) {
  for (const std::uint32_t pid : {1U, 7U, 10U, 13U, 255U, 266U, 2570U, 2573U, 3338U, 3341U, 65541U, 657930U,
                                  658186U, 854285U, 4194303U, 4194304U})
    for (const std::size_t step : {1U, 2U, 3U, 4U, 5U, 100U}) {
      const auto output = number(pid) + "\n\r\nhi";
      EXPECT_EQ(read(false, output, step), std::to_string(pid) + " \n\r\nhi") << step;
      EXPECT_EQ(read(true, through_a_terminal(output), step), std::to_string(pid) + " \r\n\r\r\nhi") << step;
    }
}

TEST(PidReport, WordsAreNoNumberAndNoneOfThemIsLost) {
  for (const bool terminal : {false, true})
    for (const std::size_t step : {1U, 3U, 100U}) {
      EXPECT_EQ(read(terminal, "OCI runtime exec failed", step), "none OCI runtime exec failed");
      EXPECT_EQ(read(terminal, "sh", step), "none sh");
      EXPECT_EQ(read(terminal, "a\r\nb\r\n", step), "none a\r\nb\r\n");
      EXPECT_EQ(read(terminal, number(0) + "x", step), "none " + number(0) + "x");
      EXPECT_EQ(read(terminal, number(4194305) + "x", step), "none " + number(4194305) + "x");
      EXPECT_EQ(read(terminal, "", step), "none ");
    }
}

}  // namespace
}  // namespace fairlead::docker
