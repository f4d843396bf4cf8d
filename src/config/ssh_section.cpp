// SPDX-License-Identifier: Apache-2.0
// Section `ssh` (core.md section 1.1) with our own limits.
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

// ContainerSSH accepts these in a file; we do not offer them, for they are broken, slow or both.
constexpr std::array<std::string_view, 5> retired_ciphers{"aes128-cbc", "arcfour256", "arcfour128", "arcfour",
                                                          "tripledescbcID"};
constexpr std::array<std::string_view, 2> retired_key_exchanges{"diffie-hellman-group14-sha1",
                                                                "diffie-hellman-group1-sha1"};
constexpr std::array<std::string_view, 2> retired_macs{"hmac-sha1-96", "hmac-sha1"};

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

void read_server_version(Section& section, std::string& version) {
  if (!section.read("serverVersion", version)) return;
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
  bool (*known)(std::string_view);
  std::span<const std::string_view> not_offered;
};

// A name that ContainerSSH knows and we do not offer is left out with a warning, so that its files go on
// working; the list must not become empty by that, for an empty one means our defaults.
void read_algorithms(Section& section, const AlgorithmKind& kind, std::vector<std::string>& names) {
  std::vector<std::string> wanted;
  if (!section.read(kind.key, wanted)) return;
  if (wanted.empty()) return section.error(kind.key, fmt::format("the {} list cannot be empty", kind.noun));
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

void read_client_alive(Section& section, Ssh& ssh) {
  if (section.read_duration("clientAliveInterval", ssh.client_alive_interval) &&
      ssh.client_alive_interval != 0s && ssh.client_alive_interval < 1s)
    section.error("clientAliveInterval", "clientAliveInterval should be at least 1 second long");
  if (section.read("clientAliveCountMax", ssh.client_alive_count_max) && ssh.client_alive_count_max < 1)
    section.error("clientAliveCountMax", "clientAliveCountMax should be at least 1");
}

void read_per_source(Section& section, PerSource& source) {
  Section own = section.section("perSource");
  if (own.read("maxUnauthenticated", source.max_unauthenticated) && source.max_unauthenticated == 0)
    own.error("maxUnauthenticated", "must be at least 1");
  own.read("exempt", source.exempt);
  Section penalties = own.section("penalties");
  penalties.read_duration("noAttempt", source.no_attempt);
  penalties.read_duration("authFailed", source.auth_failed);
  penalties.read_duration("graceExceeded", source.grace_exceeded);
  penalties.read_duration("protocolError", source.protocol_error);
  penalties.read_duration("threshold", source.threshold);
  penalties.read_duration("longest", source.longest);
  if (source.longest < source.threshold)
    penalties.error("longest", "is shorter than the threshold, so no penalty would ever count");
}

void read_own_limits(Section& section, Ssh& ssh) {
  if (section.read_duration("loginGraceTime", ssh.login_grace_time) && ssh.login_grace_time < 1s)
    section.error("loginGraceTime", "must be at least 1 second");
  if (section.read("maxConnections", ssh.max_connections) && ssh.max_connections == 0)
    section.error("maxConnections", "must be at least 1");
  if (section.read("maxUnauthenticated", ssh.max_unauthenticated) && ssh.max_unauthenticated == 0)
    section.error("maxUnauthenticated", "must be at least 1");
  read_per_source(section, ssh.per_source);
  // Below a megabyte a transfer would do little but exchange keys.
  if (section.read_size("rekeyLimit", ssh.rekey_limit) && ssh.rekey_limit < (std::uint64_t{1} << 20))
    section.error("rekeyLimit", "must be at least 1M");
  section.read_duration("shutdownGrace", ssh.shutdown_grace);
}

}  // namespace

void read_ssh(Section& section, Ssh& ssh) {
  if (section.read("listen", ssh.listen)) {
    const std::size_t colon = ssh.listen.rfind(':');
    const auto port = colon == std::string::npos
                          ? std::nullopt
                          : parse_unsigned(std::string_view(ssh.listen).substr(colon + 1));
    if (!port || *port > 65535)
      section.error("listen", "must be host:port, with an IPv6 address in brackets");
  }
  read_server_version(section, ssh.server_version);
  const AlgorithmKind ciphers{"ciphers", "cipher",
                              [](std::string_view n) { return ssh::find_cipher(n) != nullptr; },
                              retired_ciphers};
  read_algorithms(section, ciphers, ssh.ciphers);
  read_algorithms(section, {"kex", "key exchange algorithm", is_key_exchange, retired_key_exchanges},
                  ssh.kex);
  const AlgorithmKind macs{"macs", "MAC", [](std::string_view n) { return ssh::find_mac(n) != nullptr; },
                           retired_macs};
  read_algorithms(section, macs, ssh.macs);
  section.read("banner", ssh.banner);
  section.read("hostkeys", ssh.hostkeys);
  section.read("hostCertificates", ssh.host_certificates);
  read_client_alive(section, ssh);
  read_own_limits(section, ssh);
}

}  // namespace fairlead::config
