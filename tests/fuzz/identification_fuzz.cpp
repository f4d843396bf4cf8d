// SPDX-License-Identifier: Apache-2.0
// The peer's identification, as a server (even first byte) and as a client: the same outcome however the
// bytes are cut, and never more of them kept than the limits allow.
#include "fuzz/fuzz_input.hpp"
#include "protocol/version_exchange.hpp"

#include <fairlead/ssh/limits.hpp>

#include <optional>
#include <string>
#include <vector>

using namespace fairlead::ssh;
using fuzz::require;

namespace {

struct Outcome {
  std::optional<Errc> error;
  std::string peer;
  std::size_t rest = 0;

  bool operator==(const Outcome&) const = default;
};

// Presents the bytes in pieces of `piece`, keeping what is not taken, as a connection does.
Outcome receive(Bytes bytes, bool as_client, std::size_t piece) {
  std::vector<std::byte> text(bytes.begin(), bytes.end());
  VersionExchange version(as_client);
  std::size_t begin = 0;
  for (std::size_t end = 0; end < text.size();) {
    end = std::min(text.size(), end + piece);
    MutableBytes input = MutableBytes(text).subspan(begin, end - begin);
    const std::size_t before = input.size();
    const auto done = version.receive(input);
    if (!done) return {.error = done.error().code, .peer = {}};
    begin += before - input.size();
    if (*done) return {.error = {}, .peer = std::string(version.peer()), .rest = text.size() - begin};
    require(input.size() <= limits::line_before_identification);
  }
  return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  fuzz::FuzzInput input(data, size);
  const bool as_client = (input.byte() & 1) != 0;
  const Bytes bytes = input.rest();
  const Outcome whole = receive(bytes, as_client, bytes.size() + 1);
  require(whole == receive(bytes, as_client, 1));
  require(whole == receive(bytes, as_client, 7));
  if (!whole.peer.empty()) {
    require(whole.peer.size() + 1 <= limits::identification_line);
    require(whole.peer.starts_with("SSH-2.0-") || whole.peer.starts_with("SSH-1.99-"));
    require(whole.peer.find_first_of(std::string_view("\0\r\n", 3)) == std::string::npos);
  }
  return 0;
}
