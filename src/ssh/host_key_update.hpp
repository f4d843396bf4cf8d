// SPDX-License-Identifier: Apache-2.0
// OpenSSH's UpdateHostKeys (PROTOCOL section 2.5): clients learn all host keys of a server that they trust
// one of.
#pragma once

#include <fairlead/ssh/server.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

inline constexpr std::string_view host_keys_request = "hostkeys-00@openssh.com";
inline constexpr std::string_view prove_request = "hostkeys-prove-00@openssh.com";

// The payload of hostkeys-00.
[[nodiscard]] std::vector<std::byte> host_key_list(const std::vector<PublicKey>& keys);

struct ProofTask {
  std::vector<std::byte> session_id;
  std::vector<std::byte> wanted;  // the payload of hostkeys-prove-00
  std::string rsa_algorithm;      // which RSA keys sign with
};
// The payload of the answer; nothing when a key is not ours, or one is asked for twice over.
[[nodiscard]] Task<std::optional<std::vector<std::byte>>> prove_host_keys(
    std::shared_ptr<HostKeySigner> signer, ProofTask task);

}  // namespace fairlead::ssh
