// SPDX-License-Identifier: Apache-2.0
// A sentence, and the proof that it was written.
#include "relay/refusal.hpp"

#include <string>

namespace fairlead::relay {

bool starts_program(ssh::RequestType type) {
  return type == ssh::RequestType::shell || type == ssh::RequestType::exec ||
         type == ssh::RequestType::subsystem;
}

ssh::Task<> tell_refusal(ssh::Connection client, ssh::Channel session, std::string_view text, bool terminal) {
  const std::string line = "fairlead: " + std::string(text) + (terminal ? "\r\n" : "\n");
  co_await session.write_stderr(ssh::as_bytes(line));
  (void)co_await client.request("keepalive@openssh.com");
}

}  // namespace fairlead::relay
