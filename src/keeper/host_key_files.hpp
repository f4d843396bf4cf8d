// SPDX-License-Identifier: Apache-2.0
// Host keys that we make ourselves, as files of the state directory.
#pragma once

#include <fairlead/ssh/keys.hpp>

#include <expected>
#include <string>

namespace fairlead::keeper {

struct StoredKey {
  ssh::PrivateKey key;
  bool created = false;
};

// The key in `file`, or a new one written there: mode 0600, complete or not at all, and never over an
// existing file, so that two daemons that start at once end up with the same key. The error is a sentence.
[[nodiscard]] std::expected<StoredKey, std::string> load_or_create_key(const std::string& file,
                                                                       ssh::PrivateKey::Type type);

}  // namespace fairlead::keeper
