// SPDX-License-Identifier: Apache-2.0
// The files of a login's metadata on their way into its box.
#pragma once

#include "backend/backend.hpp"

namespace fairlead::backend {

// Over a link that has been set up (link::file_channel), one after the other. A file that cannot be written
// is a warning in the login's log with its path and the reason (DOCKER_FILE_WRITE_FAILED, …); no content is
// ever logged. Throws ConnectionError when the link ends. Whoever calls it bounds its time.
[[nodiscard]] Task<> deliver_files(ssh::Connection link, const Login& login);

}  // namespace fairlead::backend
