// SPDX-License-Identifier: Apache-2.0
// Tells a session why no program runs, before its request is refused.
#pragma once

#include <fairlead/ssh/connection.hpp>

#include <string_view>

namespace fairlead::relay {

[[nodiscard]] bool starts_program(ssh::RequestType type);

// A line on standard error; complete when the client has written it. RFC 4254 allows data as soon as the
// channel is open, and a client gives up the channel after a failure. OpenSSH's gives it up with what it has
// not written yet, but writes before it sends: its answer to anything proves that it has written. Throws
// ConnectionError when the client is gone.
[[nodiscard]] ssh::Task<> tell_refusal(ssh::Connection client, ssh::Channel session, std::string_view text,
                                       bool terminal);

}  // namespace fairlead::relay
