// SPDX-License-Identifier: Apache-2.0
// Section `sshproxy` (core.md section 5.1).
#include "config/retired_algorithms.hpp"
#include "config/sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

namespace fairlead::config {
namespace {

// "SSH-2.0-", letters and digits, perhaps a space and a comment.
bool is_client_version(std::string_view text) {
  constexpr std::string_view prefix = "SSH-2.0-";
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const auto in_comment = [&](char c) { return plain(c) || std::string_view("- _.").contains(c); };
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view comment = text.substr(std::min(end + 1, text.size()));
  return end > 0 && std::ranges::all_of(text.substr(0, end), plain) &&
         (end == text.size() || (!comment.empty() && std::ranges::all_of(comment, in_comment)));
}

// ContainerSSH's defaults are all it offers; a file may also name what it has retired.
struct Algorithms {
  std::string_view key;
  std::vector<std::string> SshProxy::* list;
  std::span<const std::string_view> retired;
};

void describe(Visitor& section, SshProxy& proxy, const Algorithms& kind) {
  auto& names = proxy.*kind.list;
  if (!section.field(kind.key, names)) return;
  if (names.empty()) section.error(kind.key, "the list cannot be empty");
  const SshProxy defaults;
  for (const std::string& name : names)
    if (std::ranges::find(defaults.*kind.list, name) == (defaults.*kind.list).end() &&
        std::ranges::find(kind.retired, name) == kind.retired.end())
      section.error(kind.key, fmt::format("not supported: {}", name));
}

}  // namespace

void describe(Visitor& section, SshProxy& proxy, bool chosen) {
  section.field("server", proxy.server);
  section.field("port", proxy.port);
  section.field("usernamePassThrough", proxy.username_pass_through);
  section.field("username", proxy.username);
  section.secret("password", proxy.password);
  section.pem("privateKey", proxy.private_key);
  section.field("allowedHostKeyFingerprints", proxy.allowed_host_key_fingerprints);
  describe(section, proxy, {"ciphers", &SshProxy::ciphers, retired_ciphers});
  describe(section, proxy, {"kex", &SshProxy::kex, retired_key_exchanges});
  describe(section, proxy, {"macs", &SshProxy::macs, retired_macs});
  section.alias("hostKeyAlgos", "hostKeyAlgorithms");  // the manual's
  describe(section, proxy, {"hostKeyAlgos", &SshProxy::host_key_algorithms, {}});
  section.field("timeout", proxy.timeout);
  if (section.field("clientVersion", proxy.client_version) && !is_client_version(proxy.client_version))
    section.error("clientVersion",
                  "must be SSH-2.0-NAME, the name letters and digits, perhaps followed by a space "
                  "and a comment");
  if (!chosen) return;
  if (proxy.server.empty()) section.error("server", "server cannot be empty");
  if (proxy.username.empty() && !proxy.username_pass_through)
    section.error("username", "username cannot be empty when usernamePassThrough is not set");
  if (proxy.allowed_host_key_fingerprints.empty())
    section.error("allowedHostKeyFingerprints", "allowedHostKeyFingerprints cannot be empty");
}

}  // namespace fairlead::config
