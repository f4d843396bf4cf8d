// SPDX-License-Identifier: Apache-2.0
// Terminal modes of RFC 4254 section 8 to termios and back.
#include "agent/terminal_modes.hpp"

#include <gmock/gmock.h>

#include <unistd.h>

#include <map>

namespace fairlead::agent {
namespace {

termios from(const TerminalModes& modes) {
  termios settings{};
  apply_terminal_modes(modes, settings);
  return settings;
}

std::map<int, std::uint32_t> as_map(const TerminalModes& modes) {
  return {modes.begin(), modes.end()};
}

TEST(TerminalModes, SetCharactersFlagsAndSpeeds) {
  const auto settings =
      from({{1, 3}, {5, 4}, {38, 1}, {51, 1}, {53, 1}, {70, 1}, {72, 1}, {91, 1}, {128, 9600}, {129, 9600}});
  EXPECT_EQ(settings.c_cc[VINTR], 3);
  EXPECT_EQ(settings.c_cc[VEOF], 4);
  EXPECT_EQ(settings.c_iflag, tcflag_t{IXON});
  EXPECT_EQ(settings.c_lflag, tcflag_t{ICANON | ECHO});
  EXPECT_EQ(settings.c_oflag, tcflag_t{OPOST | ONLCR});
  EXPECT_EQ(settings.c_cflag & CSIZE, tcflag_t{CS8});
  EXPECT_EQ(::cfgetispeed(&settings), speed_t{B9600});
  EXPECT_EQ(::cfgetospeed(&settings), speed_t{B9600});
}

TEST(TerminalModes, ClearWhatIsZeroAndLeaveTheRest) {
  termios settings{};
  settings.c_lflag = ECHO | ISIG;
  apply_terminal_modes({{53, 0}}, settings);
  EXPECT_EQ(settings.c_lflag, tcflag_t{ISIG});
}

TEST(TerminalModes, TwoHundredFiftyFiveDisablesACharacter) {
  EXPECT_EQ(from({{10, 26}, {10, 255}}).c_cc[VSUSP], _POSIX_VDISABLE);
  EXPECT_EQ(as_map(terminal_modes_of(from({{10, 255}})))[10], 255u);
}

TEST(TerminalModes, CharacterSizeIsOneFieldWithTwoOpcodes) {
  EXPECT_EQ(from({{90, 1}, {91, 1}}).c_cflag & CSIZE, tcflag_t{CS8});  // what OpenSSH sends for 8 bits
  EXPECT_EQ(from({{91, 1}, {90, 0}}).c_cflag & CSIZE, tcflag_t{CS8});
  EXPECT_EQ(from({{90, 1}, {91, 0}}).c_cflag & CSIZE, tcflag_t{CS7});
}

TEST(TerminalModes, UnknownOpcodesAndSpeedsAreIgnored) {
  termios before{};
  ::cfsetospeed(&before, B38400);
  termios after = before;
  apply_terminal_modes({{11, 1}, {15, 1}, {17, 1}, {99, 1}, {159, 7}, {129, 12345}, {129, 0}}, after);
  EXPECT_EQ(after.c_lflag, before.c_lflag);
  EXPECT_EQ(::cfgetospeed(&after), speed_t{B38400});
}

TEST(TerminalModes, SurviveTheRoundTrip) {
  for (const std::uint32_t seed : {0u, 1u}) {
    TerminalModes modes;
    for (std::uint8_t opcode = 1; opcode <= 18; ++opcode)
      if (opcode != 11 && opcode != 15 && opcode != 17) modes.emplace_back(opcode, opcode + seed * 100);
    std::uint32_t flag = seed;
    for (const auto& [first, last] : {std::pair{30, 42}, {50, 62}, {70, 75}, {92, 93}})
      for (int opcode = first; opcode <= last; ++opcode)
        modes.emplace_back(static_cast<std::uint8_t>(opcode), flag ^= 1);
    modes.emplace_back(std::uint8_t{90}, seed);
    modes.emplace_back(std::uint8_t{91}, seed ^ 1);
    modes.emplace_back(std::uint8_t{128}, 115200);
    modes.emplace_back(std::uint8_t{129}, 115200);  // glibc keeps one speed for both
    EXPECT_EQ(as_map(terminal_modes_of(from(modes))), as_map(modes));
  }
}

}  // namespace
}  // namespace fairlead::agent
