// SPDX-License-Identifier: Apache-2.0
// The system calls a box may make.
#pragma once

#include <boost/json/object.hpp>

namespace fairlead::backend::oci {

// The `linux.seccomp` object of a runtime configuration. An allow-list: what it does not name fails with
// ENOSYS, so that programs fall back as on an older kernel; what it names as privileged fails with EPERM, as
// without the capability.
[[nodiscard]] const boost::json::object& seccomp_profile();

}  // namespace fairlead::backend::oci
