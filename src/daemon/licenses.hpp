// SPDX-License-Identifier: Apache-2.0
// Texts that are built in from LICENSE and NOTICE (CMakeLists.txt), wherever the program is run.
#pragma once

#include <string_view>

namespace fairlead::daemon {

extern const std::string_view license_text;  // ours
extern const std::string_view notice_text;   // of what we link

}  // namespace fairlead::daemon
