// SPDX-License-Identifier: Apache-2.0
// The link's set-up request: whatever decodes, encodes to something that decodes to the same. And the paths
// of files: one that is accepted stays below the root, whatever a file system makes of it.
#include "fuzz/fuzz_input.hpp"
#include "link/agent_link.hpp"

#include <filesystem>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using fairlead::link::Setup;
  const std::string_view path(reinterpret_cast<const char*>(data), size);
  if (fairlead::link::is_file_path(path)) {
    const std::filesystem::path plain(path);
    fairlead::ssh::fuzz::require(plain.is_absolute() && plain.has_filename() &&
                                 plain.lexically_normal().native() == path);
  }
  const auto setup = Setup::decode(fairlead::ssh::fuzz::FuzzInput(data, size).rest());
  if (!setup) return 0;
  const auto encoded = setup->encode();
  const auto again = Setup::decode(encoded);
  fairlead::ssh::fuzz::require(again.has_value() && again->encode() == encoded);
  return 0;
}
