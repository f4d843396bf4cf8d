// SPDX-License-Identifier: Apache-2.0
// The engine's own lists, for those who configure it.
#include "protocol/algorithms.hpp"

#include <fairlead/ssh/algorithms.hpp>

namespace fairlead::ssh {

KnownAlgorithms known_algorithms() {
  const AlgorithmPreferences& all = AlgorithmPreferences::defaults();
  const auto views = [](const std::vector<std::string>& names) {
    return std::vector<std::string_view>(names.begin(), names.end());
  };
  KnownAlgorithms known;
  known.key_exchanges = views(all.key_exchanges);
  known.host_keys = views(all.host_key_algorithms);
  known.ciphers = views(all.ciphers);
  known.macs = views(all.macs);
  NameList logins(signature_algorithms());
  for (std::string_view name; logins.pop(name);) known.user_keys.push_back(name);
  return known;
}

}  // namespace fairlead::ssh
