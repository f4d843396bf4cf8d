// SPDX-License-Identifier: Apache-2.0
// OpenSSH's UpdateHostKeys (PROTOCOL section 2.5): clients learn all host keys of a server that they trust
// one of.
#pragma once

#include <fairlead/ssh/global_requests.hpp>
#include <fairlead/ssh/server.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

[[nodiscard]] HostKeys host_key_list(const std::vector<PublicKey>& keys);

struct ProofTask {
  std::vector<std::byte> session_id;
  HostKeysProve wanted;
  std::string rsa_algorithm;  // which RSA keys sign with
};
// Nothing when a key is not ours, or more are asked for than there are.
[[nodiscard]] Task<std::optional<HostKeysProof>> prove_host_keys(std::shared_ptr<HostKeySigner> signer,
                                                                 ProofTask task);

}  // namespace fairlead::ssh
