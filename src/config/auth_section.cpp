// SPDX-License-Identifier: Apache-2.0
// Section `auth` (services.md section 1.1) with our own method `local`.
#include "base/safe_address.hpp"
#include "config/sections.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace fairlead::config {
namespace {

struct Method {
  std::string_view key;    // password, publicKey …
  std::string_view later;  // ContainerSSH's provider, which is not built
  std::span<const std::string_view> choices;
};

constexpr std::array<std::string_view, 2> local_or_webhook{"local", "webhook"};
constexpr std::array<std::string_view, 1> only_local{"local"}, only_webhook{"webhook"};

constexpr Method password{"password", "kerberos", local_or_webhook},
    public_key{"publicKey", "", local_or_webhook},
    keyboard_interactive{"keyboardInteractive", "oauth2", only_local}, gssapi{"gssapi", "kerberos", {}},
    authz{"authz", "", only_webhook};

void describe_method(Visitor& section, const Method& method, std::string& name) {
  if (!section.field("method", name) || name.empty()) return;
  if (std::ranges::find(method.choices, name) != method.choices.end()) return;
  if (name == method.later) return section.error("method", fmt::format("method {} is not built yet", name));
  section.error("method", fmt::format("expected {}{}nothing, found \"{}\"", fmt::join(method.choices, ", "),
                                      method.choices.empty() ? "" : " or ", name));
}

// ContainerSSH 0.4: one webhook for passwords and keys, and a switch for each of the two.
struct OldForm {
  HttpClient client{};
  Duration auth_timeout = std::chrono::seconds(60);
  std::optional<bool> password{};
  bool public_key = true;
};

template <class Hook>
void describe_webhook(Visitor& section, const std::string& method, Hook& webhook) {
  section.section("webhook", [&](Visitor& own) { describe(own, webhook, method == "webhook"); });
}

void describe_methods(Visitor& section, Auth& auth, OldForm& old) {
  old.password = section.old_switch("password");
  section.section("password", [&](Visitor& own) {
    describe_method(own, password, auth.password_method);
    describe_webhook(own, auth.password_method, auth.password_webhook);
    own.section("kerberos", [&](Visitor& block) {
      describe(block, auth.password_kerberos, auth.password_method == "kerberos");
    });
  });
  section.section("publicKey", [&](Visitor& own) {
    describe_method(own, public_key, auth.public_key_method);
    describe_webhook(own, auth.public_key_method, auth.public_key_webhook);
  });
  section.section("keyboardInteractive", [&](Visitor& own) {
    describe_method(own, keyboard_interactive, auth.keyboard_interactive_method);
    own.section("oauth2", [&](Visitor& block) {
      describe(block, auth.oauth2, auth.keyboard_interactive_method == "oauth2");
    });
  });
  section.section("gssapi", [&](Visitor& own) {
    describe_method(own, gssapi, auth.gssapi_method);
    own.section("kerberos", [&](Visitor& block) {
      describe(block, auth.gssapi_kerberos, auth.gssapi_method == "kerberos");
    });
  });
  section.section("authz", [&](Visitor& own) {
    describe_method(own, authz, auth.authz_method);
    describe_webhook(own, auth.authz_method, auth.authz_webhook);
  });
}

// What is said about one method in the new form wins; `false` leaves it disabled.
bool adopt(const OldForm& old, bool enabled, std::string& method, Webhook& webhook) {
  if (!enabled || !method.empty() || !webhook.url.empty()) return false;
  method = "webhook";
  static_cast<HttpClient&>(webhook) = old.client;
  return true;
}

void describe_old_form(Visitor& section, Auth& auth, OldForm& old) {
  describe(section, old.client, false);
  if (!old.client.url.empty()) check_client(section, old.client);
  describe_timeout(section, "authTimeout", old.auth_timeout);
  const bool switched = section.field("pubkey", old.public_key) && !old.public_key;
  const std::string url = safe_address(old.client.url);
  if (url.empty()) {
    if (old.password || switched)
      section.deprecated(
          old.password ? "password" : "pubkey",
          "has no effect without auth.url; write auth.password.method and auth.publicKey.method");
    return;
  }
  std::vector<std::string> adopted;
  if (adopt(old, old.password.value_or(true), auth.password_method, auth.password_webhook))
    adopted.push_back(fmt::format("password: {{method: webhook, webhook: {{url: \"{}\"}}}}", url));
  if (adopt(old, old.public_key, auth.public_key_method, auth.public_key_webhook))
    adopted.push_back(fmt::format("publicKey: {{method: webhook, webhook: {{url: \"{}\"}}}}", url));
  section.deprecated("url",
                     adopted.empty()
                         ? "is the form of ContainerSSH 0.4 and has no effect: the methods it is for are "
                           "configured in the new form or switched off; remove it"
                         : fmt::format("is the form of ContainerSSH 0.4; write auth: {{{}}} with the keys "
                                       "beside auth.url moved into each webhook",
                                       fmt::join(adopted, ", ")));
}

void describe_local(Visitor& section, Auth& auth) {
  section.field("usersFile", auth.local_users_file);
  section.field("trustedUserCAKeys", auth.local_trusted_user_ca_keys);
  section.field("revokedKeys", auth.local_revoked_keys);
  read_method_chains(section, "methods", auth, auth.local_methods);
  const bool needs_users = auth.password_method == "local" || auth.public_key_method == "local" ||
                           auth.keyboard_interactive_method == "local";
  if (needs_users && auth.local_users_file.empty())
    section.error("usersFile", "must name the users file, because method local is configured");
}

}  // namespace

void describe(Visitor& section, Auth& auth) {
  section.lenient_in_json();
  OldForm old;
  describe_methods(section, auth, old);
  section.section("local", [&](Visitor& own) { describe_local(own, auth); });
  describe_old_form(section, auth, old);
  const bool none = auth.password_method.empty() && auth.public_key_method.empty() &&
                    auth.keyboard_interactive_method.empty() && auth.gssapi_method.empty();
  if (none) section.error("", "no authentication method configured, please configure at least one");
}

}  // namespace fairlead::config
