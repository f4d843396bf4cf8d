// SPDX-License-Identifier: Apache-2.0
// Four bytes, and those that a terminal has put between them.
#include "backend/docker/pid_report.hpp"

namespace fairlead::docker {
namespace {

constexpr std::size_t number_size = 4;
constexpr std::uint32_t largest_pid = 1U << 22;  // Linux's PID_MAX_LIMIT
constexpr auto cr = std::byte{'\r'};
constexpr auto lf = std::byte{'\n'};

}  // namespace

bool PidReport::take(ssh::Bytes& input) {
  while (number_.size() < number_size && !input.empty()) {
    const auto byte = input.front();
    input = input.subspan(1);
    taken_.push_back(byte);
    if (terminal_ && byte == lf && !number_.empty() && number_.back() == cr)
      number_.back() = lf;
    else
      number_.push_back(byte);
  }
  // No process id ends with a CR that a LF could still follow: the highest byte is always 0.
  return number_.size() == number_size;
}

std::optional<std::uint32_t> PidReport::pid() const {
  if (number_.size() < number_size) return std::nullopt;
  std::uint32_t pid = 0;
  for (std::size_t i = 0; i < number_size; ++i) pid |= std::to_integer<std::uint32_t>(number_[i]) << (8 * i);
  if (pid == 0 || pid > largest_pid) return std::nullopt;
  return pid;
}

}  // namespace fairlead::docker
