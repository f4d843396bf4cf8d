// SPDX-License-Identifier: Apache-2.0
// Section `auth` (services.md section 1.1) with our own method `local`.
#include "config/sections.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace fairlead::config {
namespace {

struct Method {
  std::string_view key;    // password, publicKey …
  std::string_view later;  // ContainerSSH's provider, which is not built; its own section is not looked at
  std::span<const std::string_view> choices;
};

constexpr std::array<std::string_view, 2> local_or_webhook{"local", "webhook"};
constexpr std::array<std::string_view, 1> only_local{"local"}, only_webhook{"webhook"};

constexpr std::array<Method, 5> methods{{{"password", "kerberos", local_or_webhook},
                                         {"publicKey", "", local_or_webhook},
                                         {"keyboardInteractive", "oauth2", only_local},
                                         {"gssapi", "kerberos", {}},
                                         {"authz", "", only_webhook}}};

std::string read_method(Section& section, const Method& method) {
  std::string name;
  section.skip("kerberos");
  section.skip("oauth2");
  if (!section.read("method", name) || name.empty()) return {};
  if (std::ranges::find(method.choices, name) != method.choices.end()) return name;
  if (name == method.later)
    section.error("method", fmt::format("method {} is not built yet", name));
  else
    section.error("method", fmt::format("expected {}{}nothing, found \"{}\"", fmt::join(method.choices, ", "),
                                        method.choices.empty() ? "" : " or ", name));
  return {};
}

void read_method_webhook(Section& section, const std::string& method, Webhook& webhook) {
  Section own = section.section("webhook");
  read_webhook(own, webhook);
  if (method == "webhook" && webhook.url.empty())
    own.error("url", "must be given, because method webhook is configured");
}

// ContainerSSH 0.4's keys for one webhook at this level.
void read_deprecated(Section& section) {
  std::string url;
  bool pubkey = true;
  section.read("pubkey", pubkey);
  if (section.read("url", url) && !url.empty())
    section.error("url", "authentication by webhook is not built yet");
  for (const std::string_view key : {"authTimeout", "allowRedirects", "timeout", "cacert", "cert", "key",
                                     "tlsVersion", "curves", "cipher"})
    section.skip(key);
}

}  // namespace

void read_auth(Section& section, Auth& auth) {
  const std::size_t errors = section.findings().errors.size();
  for (const Method& method : methods) {
    const Node* node = section.raw(method.key);
    // The 0.4 form was a switch for the webhook, which is refused by read_deprecated().
    if (method.key == "password" && node != nullptr && node->kind == Node::Kind::scalar) {
      bool enabled = true;
      section.read(method.key, enabled);
      continue;
    }
    Section subsection = section.section(method.key);
    const std::string name = read_method(subsection, method);
    if (method.key == "password") {
      auth.password_method = name;
      read_method_webhook(subsection, name, auth.password_webhook);
    }
    if (method.key == "publicKey") {
      auth.public_key_method = name;
      read_method_webhook(subsection, name, auth.public_key_webhook);
    }
    if (method.key == "keyboardInteractive") auth.keyboard_interactive_method = name;
    if (method.key == "authz") {
      auth.authz_method = name;
      read_method_webhook(subsection, name, auth.authz_webhook);
    }
  }
  Section local = section.section("local");
  local.read("usersFile", auth.local_users_file);
  local.read("trustedUserCAKeys", auth.local_trusted_user_ca_keys);
  local.read("revokedKeys", auth.local_revoked_keys);
  read_method_chains(local, "methods", auth, auth.local_methods);
  read_deprecated(section);
  const bool none = auth.password_method.empty() && auth.public_key_method.empty() &&
                    auth.keyboard_interactive_method.empty();
  if (none && section.findings().errors.size() == errors)
    section.findings().error(section.present() ? section.node()->line : 0, section.path(),
                             "no authentication method configured, please configure at least one");
  const bool needs_users = auth.password_method == "local" || auth.public_key_method == "local" ||
                           auth.keyboard_interactive_method == "local";
  if (needs_users && auth.local_users_file.empty())
    local.error("usersFile", "must name the users file, because method local is configured");
}

}  // namespace fairlead::config
