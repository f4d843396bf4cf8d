// SPDX-License-Identifier: Apache-2.0
// Numbers for people, and drawing over what is there.
#include "relay/progress_line.hpp"

#include "relay/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace fairlead::relay {
namespace {

using backend::Progress;

double megabytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / 1e6;
}

std::string amount(const Progress& progress) {
  if (progress.total == 0) {
    if (progress.done == 0) return "";
    return fmt::format(": {:.1f} MB", megabytes(progress.done));
  }
  const auto done = std::min(progress.done, progress.total);
  const auto percent = static_cast<double>(done) / static_cast<double>(progress.total) * 100;
  return fmt::format(": {:.1f} of {:.1f} MB, {} %", megabytes(done), megabytes(progress.total),
                     static_cast<unsigned>(percent));
}

}  // namespace

ProgressLine::ProgressLine(unsigned columns) : most_(std::clamp(columns, 1U, limits::widest_line) - 1) {}

std::string ProgressLine::over(std::string text) {
  text.resize(std::min(text.size(), most_));
  if (text == shown_) return {};
  std::string line = "\r" + text;
  if (shown_.size() > text.size()) {
    line.append(shown_.size() - text.size(), ' ');
    line += "\r" + text;
  }
  shown_ = std::move(text);
  return line;
}

std::string ProgressLine::draw(const Progress& progress) {
  const char* doing = progress.stage == Progress::Stage::fetching ? "getting" : "unpacking";
  return over(fmt::format("fairlead: {} the image of your box{}", doing, amount(progress)));
}

std::string ProgressLine::wipe() {
  return over({});
}

}  // namespace fairlead::relay
