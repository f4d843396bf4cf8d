// SPDX-License-Identifier: Apache-2.0
// Wildcards in paths (* ? [ ]), expanded as a shell would: for images that have none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fairlead::agent {

// One name against one component of a pattern. A leading dot is matched by a dot only. A bracket that is
// never closed is a bracket.
[[nodiscard]] bool matches_wildcards(std::string_view pattern, std::string_view name);

// The files that match, sorted; at most limits::wildcard_matches. The path itself when it exists, or when
// nothing matches: then it is named in the complaint.
[[nodiscard]] std::vector<std::string> expand_wildcards(const std::string& path);

}  // namespace fairlead::agent
