// SPDX-License-Identifier: Apache-2.0
// A pseudo terminal with the client's modes and size in place before any program sees it.
#pragma once

#include "agent/account.hpp"
#include "base/file_descriptor.hpp"

#include <fairlead/ssh/requests.hpp>

#include <expected>
#include <string>

namespace fairlead::agent {

struct Pty {
  FileDescriptor master;  // not blocking
  FileDescriptor slave;   // for the program; close it here once the program has it
  std::string name;       // "/dev/pts/3"
};

// The slave belongs to the account (as far as the box lets us). The error is a sentence for the person at the
// client.
[[nodiscard]] std::expected<Pty, std::string> open_pty(const ssh::PtyRequest& request,
                                                       const Account& account);

// The kernel tells the foreground processes with SIGWINCH.
void resize_pty(int master, const ssh::TerminalSize& size);

// What a terminal's line discipline takes for the end of input: the VEOF character, twice when a line has
// been begun. Empty in raw mode, where no character means that.
[[nodiscard]] std::string end_of_input(int master, bool line_begun);

}  // namespace fairlead::agent
