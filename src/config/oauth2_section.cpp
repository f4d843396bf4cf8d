// SPDX-License-Identifier: Apache-2.0
// Block `oauth2` of `auth.keyboardInteractive` (services.md chapter 2).
#include "config/sections.hpp"

#include <array>

namespace fairlead::config {
namespace {

void describe(Visitor& section, GitHub& github, bool in_use) {
  section.field("url", github.url);
  section.field("apiurl", github.api_url);
  section.pem("cacert", github.cacert);
  section.pem("cert", github.cert);
  section.pem("key", github.key);
  describe(section, github.tls);
  if (section.field("enforceUsername", github.enforce_username) && !github.enforce_username)
    section.warning("enforceUsername", not_enforced);
  section.field("requireOrgMembership", github.require_org_membership);
  section.field("require2FA", github.require_2fa);
  section.field("extraScopes", github.extra_scopes);
  section.field("enforceScopes", github.enforce_scopes);
  describe_timeout(section, "timeout", github.timeout);
  if (!in_use) return;
  check_url(section, "url", github.url);
  check_url(section, "apiurl", github.api_url);
  check_authorities(section, "cacert", github.cacert);
  check_key_pair(section, github.cert, github.key);
}

void describe(Visitor& section, Oidc& oidc, bool in_use) {
  describe(section, static_cast<HttpClient&>(oidc), in_use);
  section.field("deviceFlow", oidc.device_flow);
  section.field("authorizationCodeFlow", oidc.authorization_code_flow);
  section.field("usernameField", oidc.username_field);
  section.field("redirectURI", oidc.redirect_uri);
  section.field("extraScopes", oidc.extra_scopes);
  section.field("enforceScopes", oidc.enforce_scopes);
  if (!in_use) return;
  if (!oidc.device_flow && !oidc.authorization_code_flow)
    section.error("deviceFlow", "at least one of deviceFlow and authorizationCodeFlow must be true");
  if (oidc.authorization_code_flow) check_url(section, "redirectURI", oidc.redirect_uri);
}

void describe(Visitor& section, GenericOAuth2& generic, bool in_use) {
  section.field("authorizeEndpointURL", generic.authorize_endpoint_url);
  section.section("tokenEndpoint", [&](Visitor& own) { describe(own, generic.token_endpoint, in_use); });
  section.field("redirectURI", generic.redirect_uri);
  if (!in_use) return;
  check_url(section, "authorizeEndpointURL", generic.authorize_endpoint_url);
  check_url(section, "redirectURI", generic.redirect_uri);
}

void describe_redirect(Visitor& section, OAuth2& oauth2, bool in_use) {
  describe(section, oauth2.redirect, in_use);
  section.field("webroot", oauth2.webroot);
  if (!in_use || oauth2.webroot.empty()) return;
  check_directory(section, "webroot", oauth2.webroot);
  check_file(section, "webroot", oauth2.webroot + "/index.html");
}

}  // namespace

void describe(Visitor& section, OAuth2& oauth2, bool in_use) {
  section.section("redirect", [&](Visitor& own) { describe_redirect(own, oauth2, in_use); });
  section.field("clientId", oauth2.client_id);
  section.secret("clientSecret", oauth2.client_secret);
  constexpr std::array<std::string_view, 3> providers{"github", "oidc", "generic"};
  section.choice("provider", oauth2.provider, {providers});
  const auto chosen = [&](std::string_view name) { return in_use && oauth2.provider == name; };
  section.section("github", [&](Visitor& own) { describe(own, oauth2.github, chosen("github")); });
  section.section("oidc", [&](Visitor& own) { describe(own, oauth2.oidc, chosen("oidc")); });
  section.section("generic", [&](Visitor& own) { describe(own, oauth2.generic, chosen("generic")); });
  section.field("qrCodeClients", oauth2.qr_code_clients);
  section.field("deviceFlowClients", oauth2.device_flow_clients);
  describe_timeout(section, "authTimeout", oauth2.auth_timeout);
  if (!in_use) return;
  if (oauth2.client_id.empty()) section.error("clientId", "must be given");
  if (oauth2.client_secret.empty()) section.error("clientSecret", "must be given");
  if (oauth2.provider.empty()) section.error("provider", "must be github, oidc or generic");
}

}  // namespace fairlead::config
