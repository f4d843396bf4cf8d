// SPDX-License-Identifier: Apache-2.0
// The client's side of OpenSSH's UpdateHostKeys (PROTOCOL section 2.5): the keys that a server announces are
// nobody's until it has proved that they are its own.
#pragma once

#include "ssh/connection_impl.hpp"

#include <fairlead/ssh/client.hpp>

#include <memory>

namespace fairlead::ssh {

// Asks the server for its proofs and tells config->on_host_keys() when all of them are good. `announced` is
// the body of HostKeys. Does nothing about bodies that are malformed, name a key twice or name none that we
// know.
[[nodiscard]] Task<> learn_host_keys(std::shared_ptr<ConnectionImpl> connection,
                                     std::shared_ptr<const ClientConfig> config,
                                     std::vector<std::byte> announced);

}  // namespace fairlead::ssh
