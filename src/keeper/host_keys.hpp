// SPDX-License-Identifier: Apache-2.0
// The server's host keys: those configured, or a set made once and kept in the state directory.
#pragma once

#include "config/config.hpp"
#include "observe/log.hpp"

#include <fairlead/ssh/certificate.hpp>
#include <fairlead/ssh/keys.hpp>

#include <expected>
#include <string>
#include <vector>

namespace fairlead::keeper {

// Loads `ssh.hostkeys` (file names or key text). When there are none, uses host_key_ed25519 and
// host_key_ecdsa in `state_directory`, and makes what is missing there (mode 0600, never over an existing
// file). Errors are sentences for the operator, all at once; the keys come in the order in which they are
// offered.
[[nodiscard]] std::expected<std::vector<ssh::PrivateKey>, std::vector<std::string>> load_host_keys(
    const config::Ssh& ssh, const std::string& state_directory, const observe::Log& log);

// Loads `ssh.hostCertificates` (file names or lines), each of which must be a host certificate for one of
// `keys`.
[[nodiscard]] std::expected<std::vector<ssh::Certificate>, std::vector<std::string>> load_host_certificates(
    const config::Ssh& ssh, const std::vector<ssh::PublicKey>& keys, const observe::Log& log);

}  // namespace fairlead::keeper
