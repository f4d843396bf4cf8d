// SPDX-License-Identifier: Apache-2.0
// Lines of public key files: "type base64 [comment]".
#pragma once

#include <fairlead/ssh/bytes.hpp>
#include <fairlead/ssh/error.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

struct KeyLine {
  std::string_view type;  // points into the line
  std::vector<std::byte> blob;
};

// The first two words; what is more than `most` bytes is not decoded. Whether they fit together is not looked
// at.
[[nodiscard]] Result<KeyLine> split_key_line(std::string_view line, std::size_t most);

}  // namespace fairlead::ssh
