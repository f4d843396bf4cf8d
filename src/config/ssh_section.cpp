// SPDX-License-Identifier: Apache-2.0
// Section `ssh` (core.md section 1.1) with our own limits.
#include "config/retired_algorithms.hpp"
#include "config/sections.hpp"
#include "config/values.hpp"
#include "crypto/key_exchange.hpp"
#include "crypto/packet_cipher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace fairlead::config {
namespace {

using namespace std::chrono_literals;

bool is_software_version(std::string_view text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view software = text.substr(0, end);
  const auto in_software = [](char c) { return c >= '!' && c <= '~' && c != '-'; };
  if (software.empty() || !std::ranges::all_of(software, in_software)) return false;
  if (end == text.size()) return true;
  const std::string_view comment = text.substr(end + 1);
  const auto in_comment = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == ' ' || c == '_' || c == '.';
  };
  return !comment.empty() && std::ranges::all_of(comment, in_comment);
}

void describe_server_version(Visitor& section, std::string& version) {
  if (!section.field("serverVersion", version)) return;
  constexpr std::string_view prefix = "SSH-2.0-";
  constexpr std::size_t longest = 253;  // RFC 4253 section 4.2: 255 with CR LF
  if (version.size() > longest)
    section.error("serverVersion", "longer than 253 characters");
  else if (!version.starts_with(prefix) ||
           !is_software_version(std::string_view(version).substr(prefix.size())))
    section.error("serverVersion",
                  "must be SSH-2.0-NAME, the name printable without spaces and dashes, perhaps followed by a "
                  "space and a comment");
}

struct AlgorithmKind {
  std::string_view key;
  std::string_view noun;
  std::string_view when_empty;
  bool (*known)(std::string_view);
  std::span<const std::string_view> not_offered;
  std::vector<std::string> defaults;
};

template <class Infos>
std::vector<std::string> names_of(const Infos& infos) {
  std::vector<std::string> names;
  for (const auto& info : infos) names.emplace_back(info.name);
  return names;
}

std::vector<std::string> served_key_exchanges() {
  const auto names = ssh::served_key_exchange_names();
  return {names.begin(), names.end()};
}

// A name that ContainerSSH knows and we do not offer is left out with a warning, so that its files go on
// working; the list must not become empty by that, for an empty one means our defaults.
void describe_algorithms(Visitor& section, const AlgorithmKind& kind, std::vector<std::string>& names) {
  // The engine's defaults are not written down in the configuration until somebody asks.
  std::vector<std::string> wanted = names.empty() ? kind.defaults : names;
  if (!section.field(kind.key, wanted)) return;
  if (wanted.empty()) return section.error(kind.key, std::string(kind.when_empty));
  std::vector<std::string> offered;
  bool valid = true;
  for (const std::string& name : wanted) {
    if (kind.known(name)) {
      offered.push_back(name);
    } else if (std::ranges::find(kind.not_offered, name) != kind.not_offered.end()) {
      section.warning(kind.key, fmt::format("{} is not offered by this server and left out", name));
    } else {
      section.error(kind.key, fmt::format("{} not supported: {}", kind.noun, name));
      valid = false;
    }
  }
  if (valid && offered.empty())
    return section.error(kind.key, "nothing in this list is offered by this server");
  names = std::move(offered);
}

bool is_key_exchange(std::string_view name) {
  return std::ranges::find(ssh::key_exchange_names(), name) != ssh::key_exchange_names().end();
}

void describe_client_alive(Visitor& section, Ssh& ssh) {
  if (section.field("clientAliveInterval", ssh.client_alive_interval) && ssh.client_alive_interval != 0s &&
      ssh.client_alive_interval < 1s)
    section.error("clientAliveInterval", "clientAliveInterval should be at least 1 second long");
  if (section.field("clientAliveCountMax", ssh.client_alive_count_max) && ssh.client_alive_count_max < 1)
    section.error("clientAliveCountMax", "clientAliveCountMax should be at least 1");
}

void describe(Visitor& section, PerSource& source) {
  if (section.field("maxUnauthenticated", source.max_unauthenticated) && source.max_unauthenticated == 0)
    section.error("maxUnauthenticated", "must be at least 1");
  section.field("exempt", source.exempt);
  section.section("penalties", [&](Visitor& penalties) {
    penalties.field("noAttempt", source.no_attempt);
    penalties.field("authFailed", source.auth_failed);
    penalties.field("graceExceeded", source.grace_exceeded);
    penalties.field("protocolError", source.protocol_error);
    penalties.field("threshold", source.threshold);
    penalties.field("longest", source.longest);
    if (source.longest < source.threshold)
      penalties.error("longest", "is shorter than the threshold, so no penalty would ever count");
  });
}

void describe_own_limits(Visitor& section, Ssh& ssh) {
  if (section.field("loginGraceTime", ssh.login_grace_time) && ssh.login_grace_time < 1s)
    section.error("loginGraceTime", "must be at least 1 second");
  if (section.field("maxConnections", ssh.max_connections) && ssh.max_connections == 0)
    section.error("maxConnections", "must be at least 1");
  if (section.field("maxUnauthenticated", ssh.max_unauthenticated) && ssh.max_unauthenticated == 0)
    section.error("maxUnauthenticated", "must be at least 1");
  section.section("perSource", [&](Visitor& own) { describe(own, ssh.per_source); });
  section.field("requireStrictKex", ssh.require_strict_kex);
  // Below a megabyte a transfer would do little but exchange keys.
  if (section.size("rekeyLimit", ssh.rekey_limit) && ssh.rekey_limit < (std::uint64_t{1} << 20))
    section.error("rekeyLimit", "must be at least 1M");
  section.field("shutdownGrace", ssh.shutdown_grace);
}

}  // namespace

void describe(Visitor& section, Ssh& ssh) {
  if (section.field("listen", ssh.listen) && !is_listen_address(ssh.listen))
    section.error("listen", "must be host:port, with an IPv6 address in brackets");
  describe_server_version(section, ssh.server_version);
  const AlgorithmKind ciphers{"ciphers",
                              "cipher",
                              "the cipher list cannot be empty",
                              [](std::string_view n) { return ssh::find_cipher(n) != nullptr; },
                              retired_ciphers,
                              names_of(ssh::cipher_infos())};
  describe_algorithms(section, ciphers, ssh.ciphers);
  describe_algorithms(section,
                      {"kex", "key exchange algorithm", "the key exchange list cannot be empty",
                       is_key_exchange, retired_key_exchanges, served_key_exchanges()},
                      ssh.kex);
  const AlgorithmKind macs{"macs",
                           "MAC",
                           "empty SSHMAC list",
                           [](std::string_view n) { return ssh::find_mac(n) != nullptr; },
                           retired_macs,
                           names_of(ssh::mac_infos())};
  describe_algorithms(section, macs, ssh.macs);
  section.field("banner", ssh.banner);
  section.pems("hostkeys", ssh.hostkeys);
  section.field("hostCertificates", ssh.host_certificates);
  describe_client_alive(section, ssh);
  describe_own_limits(section, ssh);
}

}  // namespace fairlead::config
