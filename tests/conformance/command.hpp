// SPDX-License-Identifier: Apache-2.0
// What runs in a session of the conformance server: its own commands, or one program of the system's.
#pragma once

#include <fairlead/ssh/server.hpp>

#include <string>

namespace conformance {

// What `check` reports of its connection.
struct Facts {
  fairlead::ssh::Connection connection;
  fairlead::ssh::LoginInfo login;
};

[[nodiscard]] fairlead::ssh::Task<> run_command(fairlead::ssh::Channel channel, std::string line,
                                                Facts facts);
[[nodiscard]] fairlead::ssh::Task<> run_program(fairlead::ssh::Channel channel, std::string path);

}  // namespace conformance
