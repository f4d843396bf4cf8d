// SPDX-License-Identifier: Apache-2.0
// Answers of webhooks: nothing but a JSON true lets anybody in, what is accepted is within its bounds, and
// comes back unchanged from a server that echoes the request which it becomes.
#include "fuzz/fuzz_input.hpp"
#include "webhook/answer.hpp"
#include "webhook/request.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>

using namespace fairlead;
using ssh::fuzz::require;

namespace {

// Names can be spelled with escapes: then this cannot say.
bool may_say_yes(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (lower.find('\\') != std::string::npos) return true;
  return lower.find("\"success\"") != std::string::npos && text.find("true") != std::string_view::npos;
}

void check_bounds(const config::Metadata& metadata) {
  for (const auto& [name, value] : metadata.environment) {
    require(!name.empty() && name.find('=') == std::string::npos && name.find('\0') == std::string::npos);
    require(value.value.find('\0') == std::string::npos);
  }
  for (const auto& [path, content] : metadata.files) {
    require(path.starts_with('/') && !path.ends_with('/'));
    require(("/" + path + "/").find("/../") == std::string::npos);
  }
}

void check_echo(const config::Metadata& metadata) {
  webhook::Subject subject{.connection_id = "0123456789abcdef0123456789abcdef",
                           .remote_address = "192.0.2.7",
                           .remote_port = 50022,
                           .client_version = "SSH-2.0-x",
                           .username = "ada",
                           .metadata = metadata};
  const webhook::Body request = webhook::subject_request(subject, webhook::Sensitive::send);
  const auto echoed = webhook::read_answer(request.text(), webhook::Form::configuration);
  // A request is a little longer than what it was made from: one at the limit may be too long.
  if (!echoed) return require(request.text().size() > 64 * 1024);
  require(!echoed->success && echoed->unknown.empty() && echoed->metadata == metadata);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto configuration = webhook::read_answer(text, webhook::Form::configuration);
  if (configuration) {
    require(configuration->config.is_null() || configuration->config.is_object());
    check_bounds(configuration->metadata);
    check_echo(configuration->metadata);
  }
  const auto verdict = webhook::read_answer(text, webhook::Form::verdict);
  if (!verdict) {
    require(!verdict.error().empty());
    return 0;
  }
  require(!verdict->success || may_say_yes(text));
  check_bounds(verdict->metadata);
  check_echo(verdict->metadata);
  return 0;
}
