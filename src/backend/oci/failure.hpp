// SPDX-License-Identifier: Apache-2.0
// Failures of this backend: what the log says, and the fixed sentence for the person who logs in.
#pragma once

#include "backend/backend.hpp"

#include <cerrno>
#include <cstring>
#include <string>

namespace fairlead::backend::oci {

inline constexpr const char* start_failed = "Your box could not be started. Please tell the administrator.";
inline constexpr const char* image_failed =
    "The image of your box is missing or broken. Please tell the administrator.";
inline constexpr const char* disk_full =
    "The server has no disk space for a new box. Please try again later.";

[[nodiscard]] inline BackendError failure(const std::string& what, const char* user_text = start_failed) {
  return {what, user_text};
}
// "cannot <what>: <reason>"; a full disk has a sentence of its own.
[[nodiscard]] inline BackendError system_failure(const std::string& what, int error,
                                                 const char* user_text = start_failed) {
  const bool full = error == ENOSPC || error == EDQUOT;
  return {"cannot " + what + ": " + std::strerror(error), full ? disk_full : user_text};
}

}  // namespace fairlead::backend::oci
