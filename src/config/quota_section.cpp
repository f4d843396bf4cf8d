// SPDX-License-Identifier: Apache-2.0
// Section `quota`: what one user may take of time and boxes.
#include "config/sections.hpp"

namespace fairlead::config {
namespace {

// Shorter ones end connections that have not begun yet.
void describe_limit(Visitor& section, std::string_view key, Duration& value) {
  if (section.field(key, value) && value != Duration::zero() && value < std::chrono::seconds(1))
    section.error(key, "must be at least 1 second, or 0");
}

}  // namespace

void describe(Visitor& section, Quota& quota) {
  describe_limit(section, "idleTimeout", quota.idle_timeout);
  describe_limit(section, "maxTime", quota.max_time);
  describe_limit(section, "warnBefore", quota.warn_before);
  section.limit("maxBoxes", quota.max_boxes);
}

}  // namespace fairlead::config
