// SPDX-License-Identifier: Apache-2.0
// A QR code for a terminal.
#pragma once

#include <optional>
#include <string>

namespace fairlead::auth {

// Lines of half blocks, dark on light whatever the terminal's colours are. Nothing when `text` does not fit.
[[nodiscard]] std::optional<std::string> qr_code(const std::string& text);

}  // namespace fairlead::auth
