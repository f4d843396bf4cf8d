// SPDX-License-Identifier: Apache-2.0
// The link's set-up request: whatever decodes, encodes to something that decodes to the same.
#include "fuzz/fuzz_input.hpp"
#include "link/agent_link.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using fairlead::link::Setup;
  const auto setup = Setup::decode(fairlead::ssh::fuzz::FuzzInput(data, size).rest());
  if (!setup) return 0;
  const auto encoded = setup->encode();
  const auto again = Setup::decode(encoded);
  fairlead::ssh::fuzz::require(again.has_value() && again->encode() == encoded);
  return 0;
}
