// SPDX-License-Identifier: Apache-2.0
// Which algorithms we offer, and the negotiation of RFC 4253 section 7.1.
#pragma once

#include <fairlead/ssh/error.hpp>

#include <string>
#include <vector>

namespace fairlead::ssh {

// Names in order of preference. Everything listed must be known to the crypto floor.
struct AlgorithmPreferences {
  std::vector<std::string> key_exchanges;
  std::vector<std::string> host_key_algorithms;  // client; a server offers what its keys can do
  std::vector<std::string> ciphers;
  std::vector<std::string> macs;

  [[nodiscard]] static const AlgorithmPreferences& defaults();
};

}  // namespace fairlead::ssh
