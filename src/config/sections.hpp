// SPDX-License-Identifier: Apache-2.0
// One function per section of the file: names its keys once, with the checks beside them.
#pragma once

#include "config/config.hpp"
#include "config/section.hpp"
#include "config/visitor.hpp"

namespace fairlead::config {

// The whole file. `root` stands at its top, as in the next three.
void describe(Visitor& root, Config& config);
// `security`, `quota`, `backend` and the backends: what a user's own settings may override. Only the backend
// that is chosen in the end must be complete.
void describe_backends(Visitor& root, Config& config);
// What is once for all logins and nothing to override: sections of services, and the keys that stand alone.
void describe_services(Visitor& root, Config& config);
void describe_daemon(Visitor& root, Config& config);
// Whether the file says so or not: the choice ContainerSSH's and our own defaults lead to.
void choose_backend(const Visitor& root, Config& config);

void describe(Visitor& section, Ssh& ssh);
void describe(Visitor& section, Auth& auth);
void describe(Visitor& section, Log& log);
// Of it what one login may have of its own.
void describe_level(Visitor& section, Log& log);
void describe(Visitor& section, ConfigServer& server);
void describe(Visitor& section, Health& health);
void describe(Visitor& section, Metrics& metrics);
void describe(Visitor& section, GeoIp& geoip);
void describe(Visitor& section, Audit& audit);
void describe(Visitor& section, Security& security);
void describe(Visitor& section, Quota& quota);
void describe(Visitor& section, Kerberos& kerberos, bool in_use);
void describe(Visitor& section, OAuth2& oauth2, bool in_use);

// The backends' sections; `chosen` when it must be complete.
void describe(Visitor& section, Oci& oci, bool chosen);
void describe(Visitor& section, Docker& docker, bool chosen);
void describe(Visitor& section, Kubernetes& kubernetes, bool chosen);
void describe(Visitor& section, SshProxy& proxy, bool chosen);

// Blocks within sections. What is not in use need not be complete.
void describe(Visitor& section, HttpClient& client, bool in_use);
void describe(Visitor& section, HttpServer& server, bool in_use);
void describe(Visitor& section, Webhook& webhook, bool in_use);
void describe(Visitor& section, AuthzWebhook& webhook, bool in_use);
void describe(Visitor& section, Tls& tls);
void describe(Visitor& section, Limits& limits);
void describe(Visitor& section, Pool& pool);
void describe(Visitor& section, Programs& programs);
// Of these, what `docker.execution` has, too.
void describe_shared(Visitor& section, Programs& programs);

// Where an old file's `enforceUsername: false` begins to count.
inline constexpr const char* not_enforced =
    "is false, as written: any account may log in under any name; ContainerSSH enforces it all the same";

// At least 100 ms.
void describe_timeout(Visitor& section, std::string_view key, Duration& value);
// What is not so is an error of the key.
void check_client(Visitor& section, const HttpClient& client);
void check_url(Visitor& section, std::string_view key, const std::string& url);
void check_file(Visitor& section, std::string_view key, const std::string& file);
void check_directory(Visitor& section, std::string_view key, const std::string& directory);
// `cert` and `key` of one section: both or none, and usable.
void check_key_pair(Visitor& section, const std::string& cert, const std::string& key);
void check_authorities(Visitor& section, std::string_view key, const std::string& certificates);

}  // namespace fairlead::config
