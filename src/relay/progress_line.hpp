// SPDX-License-Identifier: Apache-2.0
// The one line on a terminal that says how far the making of a box has come.
#pragma once

#include "backend/progress.hpp"

#include <cstddef>
#include <string>

namespace fairlead::relay {

// Each text overwrites the one before it. Nothing in it is somebody else's words: what the image is called is
// the operator's business, and what the registry says of it not to be trusted.
class ProgressLine {
 public:
  explicit ProgressLine(unsigned columns);  // of the terminal

  // Empty when nothing has changed.
  [[nodiscard]] std::string draw(const backend::Progress& progress);
  // Leaves an empty line.
  [[nodiscard]] std::string wipe();

 private:
  [[nodiscard]] std::string over(std::string text);

  std::size_t most_;
  std::string shown_;
};

}  // namespace fairlead::relay
