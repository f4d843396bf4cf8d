// SPDX-License-Identifier: Apache-2.0
// The number that ContainerSSH's agent writes before a program's own output (core.md 3.5): `console --pid`.
//
//   | process id (4, little endian) | output … |
#pragma once

#include <fairlead/ssh/bytes.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace fairlead::docker {

// Fed in pieces of any size (W3.11). A terminal writes CR before each LF, those in numbers included (W3.10):
// the CR directly before a LF is the terminal's.
class PidReport {
 public:
  explicit PidReport(bool terminal) : terminal_(terminal) {}

  // Takes what belongs to it from the front of `input`; true when it is complete.
  [[nodiscard]] bool take(ssh::Bytes& input);
  // Nothing when what came is no process id: the engine's or the system's words about a program that could
  // not be started, most likely.
  [[nodiscard]] std::optional<std::uint32_t> pid() const;
  // What was taken, as it came.
  [[nodiscard]] const std::vector<std::byte>& taken() const noexcept { return taken_; }

 private:
  bool terminal_;
  std::vector<std::byte> taken_, number_;
};

}  // namespace fairlead::docker
