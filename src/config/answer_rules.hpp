// SPDX-License-Identifier: Apache-2.0
// What an answer of the configuration server may set (`configserver.answers`, security.md TC-1 and TC-6): the
// file alone says so, no answer can.
#pragma once

#include "config/config.hpp"

namespace fairlead::config {

struct Findings;
struct Node;

// Adds an error for everything in `answer` that `file` does not let it set. Values that never override (zero
// values) are nobody's harm.
//
// Always refused, unless `allowMounts` names it: mounting "/", the socket of a container engine or a
// directory above one, in whatever spelling. With `restrict` only what is known to concern the user's own box
// alone, what `allow` names, and mounts of what is at or below a directory of `allowMounts`.
void check_answer(Findings& findings, const Node& answer, const Config& file);

}  // namespace fairlead::config
