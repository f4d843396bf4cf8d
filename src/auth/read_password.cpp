// SPDX-License-Identifier: Apache-2.0
// Asking for a new password.
#include "auth/password_hash.hpp"

#include <fairlead/ssh/limits.hpp>

#include <fmt/format.h>

#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace fairlead::auth {
namespace {

using ssh::SecretBytes;
using Answer = std::expected<SecretBytes, std::string>;

// No echo, and every key as it is typed: also the one for SIGINT, which must not end us with the echo off.
class RawTerminal {
 public:
  explicit RawTerminal(int descriptor) : descriptor_(descriptor) {
    ok_ = ::tcgetattr(descriptor_, &before_) == 0;
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    ok_ = ok_ && ::tcsetattr(descriptor_, TCSAFLUSH, &raw) == 0;
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal() {
    if (ok_) ::tcsetattr(descriptor_, TCSAFLUSH, &before_);
  }
  [[nodiscard]] bool ok() const noexcept { return ok_; }

 private:
  int descriptor_;
  bool ok_ = false;
  termios before_{};
};

// One byte; false at the end of input.
bool read_byte(int descriptor, unsigned char& byte) {
  ssize_t count = 0;
  while ((count = ::read(descriptor, &byte, 1)) < 0 && errno == EINTR) {
  }
  return count == 1;
}

void say(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count <= 0) return;  // whoever closed the terminal needs no prompt
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

Answer read_typed(int descriptor) {
  constexpr unsigned char interrupt = 3, end_of_input = 4, backspace = 8, kill_line = 21, erase = 127;
  SecretBytes password;
  password.reserve(ssh::limits::password);  // growing would leave copies, wiped or not
  unsigned char key = 0;
  while (read_byte(descriptor, key) && key != '\n' && key != '\r') {
    if (key == interrupt || key == end_of_input) return std::unexpected("Interrupted.");
    if (key == kill_line)
      password.clear();
    else if (key != erase && key != backspace)
      password.push_back(std::byte{key});
    else if (!password.empty())
      password.pop_back();
    if (password.size() > ssh::limits::password) return std::unexpected("The password is too long.");
  }
  return password;
}

Answer ask(int descriptor, std::string_view prompt) {
  say(descriptor, prompt);
  Answer answer = read_typed(descriptor);
  say(descriptor, "\n");
  return answer;
}

Answer read_line(int descriptor) {
  SecretBytes password;
  password.reserve(ssh::limits::password);
  unsigned char byte = 0;
  while (read_byte(descriptor, byte) && byte != '\n') {
    password.push_back(std::byte{byte});
    if (password.size() > ssh::limits::password) return std::unexpected("The password is too long.");
  }
  return password;
}

}  // namespace

Answer read_new_password(int descriptor) {
  if (::isatty(descriptor) == 0) {
    Answer line = read_line(descriptor);
    if (line && line->empty()) return std::unexpected("No password was given.");
    return line;
  }
  const RawTerminal terminal(descriptor);
  if (!terminal.ok()) return std::unexpected("The terminal does not let its echo be switched off.");
  Answer first = ask(descriptor, "Password: ");
  if (!first) return first;
  if (first->empty()) return std::unexpected("No password was given.");
  const Answer second = ask(descriptor, "Once more: ");
  if (!second) return second;
  if (!ssh::constant_time_equal(*first, *second)) return std::unexpected("The two passwords differ.");
  return first;
}

}  // namespace fairlead::auth
