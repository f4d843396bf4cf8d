// SPDX-License-Identifier: Apache-2.0
// A webhook server that gives the answers of ContainerSSH's test tool (services.md section 8.1), for trying
// out and for tests. It lets people in without a password: never for production.
#pragma once

#include "http/message.hpp"

#include <cstdint>
#include <string>

namespace fairlead::daemon {

struct TestAnswers {
  bool allow_all = false;    // every user's password is right (CONTAINERSSH_ALLOW_ALL=1)
  bool zero_values = false;  // configurations hold every member with its zero value, as those of Go servers
};

struct TestAuthServerOptions {
  std::string listen = "127.0.0.1";
  std::uint16_t port = 8080;
  bool zero_values = false;
};

// POST /password, /pubkey, /authz and /config; 404 for other paths, 405 for other methods, 500 for a body
// that is no such request.
[[nodiscard]] http::Response answer_as_test_server(const http::Request& request, TestAnswers how);

// Serves until SIGINT or SIGTERM; the exit code.
[[nodiscard]] int run_test_auth_server(const TestAuthServerOptions& options);

}  // namespace fairlead::daemon
