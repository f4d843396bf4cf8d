// SPDX-License-Identifier: Apache-2.0
// Section `sshproxy` (core.md section 5.1).
#include "config/sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

namespace fairlead::config {
namespace {

using Words = std::span<const std::string_view>;

// What ContainerSSH lets a file name.
constexpr std::array<std::string_view, 11> ciphers{"chacha20-poly1305@openssh.com",
                                                   "aes256-gcm@openssh.com",
                                                   "aes128-gcm@openssh.com",
                                                   "aes256-ctr",
                                                   "aes192-ctr",
                                                   "aes128-ctr",
                                                   "aes128-cbc",
                                                   "arcfour256",
                                                   "arcfour128",
                                                   "arcfour",
                                                   "tripledescbcID"};
constexpr std::array<std::string_view, 6> key_exchanges{
    "curve25519-sha256@libssh.org", "ecdh-sha2-nistp521",          "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp256",           "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"};
constexpr std::array<std::string_view, 4> macs{"hmac-sha2-256-etm@openssh.com", "hmac-sha2-256",
                                               "hmac-sha1-96", "hmac-sha1"};
constexpr std::array<std::string_view, 9> host_key_algorithms{"ssh-rsa-cert-v01@openssh.com",
                                                              "ssh-dss-cert-v01@openssh.com",
                                                              "ecdsa-sha2-nistp256-cert-v01@openssh.com",
                                                              "ecdsa-sha2-nistp384-cert-v01@openssh.com",
                                                              "ecdsa-sha2-nistp521-cert-v01@openssh.com",
                                                              "ssh-ed25519-cert-v01@openssh.com",
                                                              "ssh-rsa",
                                                              "ssh-dss",
                                                              "ssh-ed25519"};

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

void describe_algorithms(Visitor& section, std::string_view key, std::vector<std::string>& names,
                         Words known) {
  if (!section.field(key, names)) return;
  if (names.empty()) section.error(key, "the list cannot be empty");
  for (const std::string& name : names)
    if (std::ranges::find(known, name) == known.end())
      section.error(key, fmt::format("not supported: {}", name));
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
  describe_algorithms(section, "ciphers", proxy.ciphers, ciphers);
  describe_algorithms(section, "kex", proxy.kex, key_exchanges);
  describe_algorithms(section, "macs", proxy.macs, macs);
  section.alias("hostKeyAlgos", "hostKeyAlgorithms");  // the manual's
  describe_algorithms(section, "hostKeyAlgos", proxy.host_key_algorithms, host_key_algorithms);
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
