// SPDX-License-Identifier: Apache-2.0
// The tables of RFC 4254 section 8 and the loops over them.
#include "agent/terminal_modes.hpp"

#include <unistd.h>

#include <array>

namespace fairlead::agent {
namespace {

struct Character {
  std::uint8_t opcode, index;
};
// VDSUSP (11), VFLUSH (15) and VSTATUS (17) do not exist on Linux.
constexpr std::array characters{
    Character{1, VINTR},   Character{2, VQUIT},  Character{3, VERASE},    Character{4, VKILL},
    Character{5, VEOF},    Character{6, VEOL},   Character{7, VEOL2},     Character{8, VSTART},
    Character{9, VSTOP},   Character{10, VSUSP}, Character{12, VREPRINT}, Character{13, VWERASE},
    Character{14, VLNEXT}, Character{16, VSWTC}, Character{18, VDISCARD},
};
constexpr std::uint32_t no_character = 255;  // RFC 4254 section 8

struct Flag {
  std::uint8_t opcode;
  tcflag_t termios::* member;
  tcflag_t bit;
};
constexpr std::array flags{
    Flag{30, &termios::c_iflag, IGNPAR}, Flag{31, &termios::c_iflag, PARMRK},
    Flag{32, &termios::c_iflag, INPCK},  Flag{33, &termios::c_iflag, ISTRIP},
    Flag{34, &termios::c_iflag, INLCR},  Flag{35, &termios::c_iflag, IGNCR},
    Flag{36, &termios::c_iflag, ICRNL},  Flag{37, &termios::c_iflag, IUCLC},
    Flag{38, &termios::c_iflag, IXON},   Flag{39, &termios::c_iflag, IXANY},
    Flag{40, &termios::c_iflag, IXOFF},  Flag{41, &termios::c_iflag, IMAXBEL},
    Flag{42, &termios::c_iflag, IUTF8},  Flag{50, &termios::c_lflag, ISIG},
    Flag{51, &termios::c_lflag, ICANON}, Flag{52, &termios::c_lflag, XCASE},
    Flag{53, &termios::c_lflag, ECHO},   Flag{54, &termios::c_lflag, ECHOE},
    Flag{55, &termios::c_lflag, ECHOK},  Flag{56, &termios::c_lflag, ECHONL},
    Flag{57, &termios::c_lflag, NOFLSH}, Flag{58, &termios::c_lflag, TOSTOP},
    Flag{59, &termios::c_lflag, IEXTEN}, Flag{60, &termios::c_lflag, ECHOCTL},
    Flag{61, &termios::c_lflag, ECHOKE}, Flag{62, &termios::c_lflag, PENDIN},
    Flag{70, &termios::c_oflag, OPOST},  Flag{71, &termios::c_oflag, OLCUC},
    Flag{72, &termios::c_oflag, ONLCR},  Flag{73, &termios::c_oflag, OCRNL},
    Flag{74, &termios::c_oflag, ONOCR},  Flag{75, &termios::c_oflag, ONLRET},
    Flag{92, &termios::c_cflag, PARENB}, Flag{93, &termios::c_cflag, PARODD},
};

// Two opcodes for one field of two bits.
constexpr std::uint8_t cs7 = 90, cs8 = 91;

constexpr std::uint8_t input_speed = 128, output_speed = 129;
struct Speed {
  std::uint32_t bits_per_second;
  speed_t code;
};
constexpr std::array speeds{
    Speed{0, B0},           Speed{50, B50},         Speed{75, B75},           Speed{110, B110},
    Speed{134, B134},       Speed{150, B150},       Speed{200, B200},         Speed{300, B300},
    Speed{600, B600},       Speed{1200, B1200},     Speed{1800, B1800},       Speed{2400, B2400},
    Speed{4800, B4800},     Speed{9600, B9600},     Speed{19200, B19200},     Speed{38400, B38400},
    Speed{57600, B57600},   Speed{115200, B115200}, Speed{230400, B230400},   Speed{460800, B460800},
    Speed{500000, B500000}, Speed{921600, B921600}, Speed{1000000, B1000000}, Speed{4000000, B4000000},
};

void apply_speed(std::uint8_t opcode, std::uint32_t bits_per_second, termios& settings) {
  // B0 means "hang up" and would end the session before it began.
  if (bits_per_second == 0) return;
  for (const auto& speed : speeds)
    if (speed.bits_per_second == bits_per_second)
      opcode == input_speed ? ::cfsetispeed(&settings, speed.code) : ::cfsetospeed(&settings, speed.code);
}

std::uint32_t bits_per_second(speed_t code) {
  for (const auto& speed : speeds)
    if (speed.code == code) return speed.bits_per_second;
  return 0;
}

void apply_mode(std::uint8_t opcode, std::uint32_t argument, termios& settings) {
  for (const auto& character : characters)
    if (character.opcode == opcode)
      settings.c_cc[character.index] =
          argument == no_character ? cc_t{_POSIX_VDISABLE} : static_cast<cc_t>(argument);
  for (const auto& flag : flags)
    if (flag.opcode == opcode)
      argument != 0 ? settings.*flag.member |= flag.bit : settings.*flag.member &= ~flag.bit;
  if (opcode == cs7 && argument != 0) settings.c_cflag = (settings.c_cflag & ~tcflag_t{CSIZE}) | CS7;
  if (opcode == cs8 && argument != 0) settings.c_cflag = (settings.c_cflag & ~tcflag_t{CSIZE}) | CS8;
  if (opcode == input_speed || opcode == output_speed) apply_speed(opcode, argument, settings);
}

}  // namespace

void apply_terminal_modes(const TerminalModes& modes, termios& settings) {
  for (const auto& [opcode, argument] : modes) apply_mode(opcode, argument, settings);
}

TerminalModes terminal_modes_of(const termios& settings) {
  TerminalModes modes;
  for (const auto& character : characters) {
    const cc_t value = settings.c_cc[character.index];
    modes.emplace_back(character.opcode, value == _POSIX_VDISABLE ? no_character : value);
  }
  const auto size_mode = [&](std::uint8_t opcode, tcflag_t size) {
    modes.emplace_back(opcode, (settings.c_cflag & CSIZE) == size ? 1 : 0);
  };
  for (const auto& flag : flags) {
    if (flag.opcode == 92) {
      size_mode(cs7, CS7);
      size_mode(cs8, CS8);
    }
    modes.emplace_back(flag.opcode, (settings.*flag.member & flag.bit) != 0 ? 1 : 0);
  }
  modes.emplace_back(input_speed, bits_per_second(::cfgetispeed(&settings)));
  modes.emplace_back(output_speed, bits_per_second(::cfgetospeed(&settings)));
  return modes;
}

}  // namespace fairlead::agent
