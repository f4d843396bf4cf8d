// SPDX-License-Identifier: Apache-2.0
// Loading the revocation list.
#include "auth/revocations.hpp"

#include <fmt/format.h>

namespace fairlead::auth {

Revocations Revocations::load(const std::string& file) {
  Revocations result;
  auto list = ssh::RevocationList::load(file);
  if (list)
    result.list_ = std::move(*list);
  else
    result.problem_ = fmt::format(
        "auth.local.revokedKeys: {}: {}; every key is refused until it can be read and SIGHUP comes", file,
        to_string(list.error()));
  return result;
}

}  // namespace fairlead::auth
