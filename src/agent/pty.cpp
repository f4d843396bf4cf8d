// SPDX-License-Identifier: Apache-2.0
// Pseudo terminals by the kernel's own calls: neither /dev/pts nor a helper program has to be there.
#include "agent/pty.hpp"

#include "agent/terminal_modes.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace fairlead::agent {
namespace {

winsize to_winsize(const ssh::TerminalSize& size) {
  const auto clamp = [](std::uint32_t value) { return static_cast<unsigned short>(std::min(value, 65535u)); };
  return {clamp(size.rows), clamp(size.columns), clamp(size.width_px), clamp(size.height_px)};
}

FileDescriptor open_master() {
  constexpr int flags = O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
  FileDescriptor master(::open("/dev/ptmx", flags));
  if (!master) master = FileDescriptor(::open("/dev/pts/ptmx", flags));
  return master;
}

void give_to(const Account& account, int slave) {
  const bool group = account.tty_group.has_value();
  // sshd's rule: write(1) and wall(1) may write to it when there is a group for that. Refusal is no harm:
  // then we run as the account already, or the box maps no other ids.
  (void)::fchown(slave, account.uid, group ? *account.tty_group : gid_t{account.gid});
  (void)::fchmod(slave, group ? S_IRUSR | S_IWUSR | S_IWGRP : S_IRUSR | S_IWUSR);
}

}  // namespace

std::expected<Pty, std::string> open_pty(const ssh::PtyRequest& request, const Account& account) {
  Pty pty{.master = open_master(), .slave = {}, .name = {}};
  if (!pty.master) {
    if (errno == ENOSPC) return std::unexpected("No terminal: all terminals of this box are in use.");
    return std::unexpected(std::string("No terminal: /dev/ptmx cannot be opened in this box (") +
                           ::strerrordesc_np(errno) + ").");
  }
  int unlocked = 0;
  unsigned number = 0;
  if (::ioctl(pty.master.get(), TIOCSPTLCK, &unlocked) == 0 &&
      ::ioctl(pty.master.get(), TIOCGPTN, &number) == 0) {
    pty.name = "/dev/pts/" + std::to_string(number);
    pty.slave = FileDescriptor(::ioctl(pty.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    // Kernels before 4.13 and some sandboxes only know the path.
    if (!pty.slave) pty.slave = FileDescriptor(::open(pty.name.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  }
  if (!pty.slave)
    return std::unexpected(std::string("No terminal: the box refuses its slave side (") +
                           ::strerrordesc_np(errno) + ").");
  give_to(account, pty.slave.get());
  termios settings{};
  if (::tcgetattr(pty.slave.get(), &settings) == 0) {
    apply_terminal_modes(request.modes, settings);
    (void)::tcsetattr(pty.slave.get(), TCSANOW, &settings);
  }
  resize_pty(pty.master.get(), request.size);
  return pty;
}

void resize_pty(int master, const ssh::TerminalSize& size) {
  const auto window = to_winsize(size);
  (void)::ioctl(master, TIOCSWINSZ, &window);
}

std::string end_of_input(int master, bool line_begun) {
  termios settings{};
  if (::tcgetattr(master, &settings) != 0 || (settings.c_lflag & ICANON) == 0) return {};
  const cc_t character = settings.c_cc[VEOF];
  if (character == _POSIX_VDISABLE) return {};
  std::string characters(line_begun ? 2 : 1, static_cast<char>(character));
  return characters;
}

}  // namespace fairlead::agent
