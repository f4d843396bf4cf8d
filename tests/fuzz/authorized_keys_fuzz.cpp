// SPDX-License-Identifier: Apache-2.0
// authorized_keys files: what is admitted must survive being written out again, option by option.
#include "crypto/authorized_keys.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

using namespace fairlead::ssh;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string write(const std::vector<KeyOption>& options) {
  std::string text;
  for (const KeyOption& option : options) {
    if (!text.empty()) text += ',';
    text += option.name;
    if (!option.value) continue;
    text += "=\"";
    for (const char c : *option.value) {
      if (c == '"') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const AuthorizedKeys parsed = parse_authorized_keys(text);
  require(parsed.keys.size() + parsed.problems.size() <= size);
  for (const AuthorizedKeyLine& line : parsed.keys) {
    const auto again = parse_key_options(write(line.options));
    require(again && *again == line.options);
  }
  for (const AuthorizedKeysProblem& problem : parsed.problems)
    for (const char c : problem.reason) require(c >= ' ' && c <= '~');
  return 0;
}
