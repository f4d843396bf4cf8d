// SPDX-License-Identifier: Apache-2.0
// RFC 4254 section 8: terminal modes as opcodes with arguments, to and from the kernel's termios.
#pragma once

#include <termios.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace fairlead::agent {

using TerminalModes = std::vector<std::pair<std::uint8_t, std::uint32_t>>;

// Sets what `modes` names and leaves the rest; opcodes and speeds that Linux does not have are passed over.
void apply_terminal_modes(const TerminalModes& modes, termios& settings);

// Every mode that Linux has, in the order of the opcodes.
[[nodiscard]] TerminalModes terminal_modes_of(const termios& settings);

}  // namespace fairlead::agent
