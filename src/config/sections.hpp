// SPDX-License-Identifier: Apache-2.0
// One function per section of the file: reads and checks it.
#pragma once

#include "config/config.hpp"
#include "config/section.hpp"

namespace fairlead::config {

void read_ssh(Section& section, Ssh& ssh);
void read_auth(Section& section, Auth& auth);
void read_log(Section& section, Log& log);
void read_config_server(Section& section, ConfigServer& server);
void read_health(Section& section, Health& health);

// Blocks within sections.
void read_http_client(Section& section, HttpClient& client);
void read_http_server(Section& section, HttpServer& server);
void read_webhook(Section& section, Webhook& webhook);

// `security`, `backend`, `oci` and `docker`: what a user's own settings may override. `section` holds these
// four; only the backend that is chosen in the end must be complete.
void read_backends(Section& section, Config& config);
// Whether the file says so or not: the choice ContainerSSH's and our own defaults lead to.
void choose_backend(const Section& section, Config& config);
void read_security(Section& section, Security& security);
void read_oci(Section& section, Oci& oci);
void check_oci(Section& section, const Oci& oci);
void read_docker(Section& section, Docker& docker);
void check_docker(Section& section, const Docker& docker);

// Keys shared by both backends.
void read_limits(Section& section, Limits& limits);
void read_programs(Section& section, Programs& programs);

// Sections of ContainerSSH whose subsystems are not built: refused with a sentence as soon as they would have
// an effect.
void check_later_sections(Section& root);

}  // namespace fairlead::config
