// SPDX-License-Identifier: Apache-2.0
// The files of a login's metadata into a container without our agent: one archive (W3.21), or the verb of
// ContainerSSH's agent.
#pragma once

#include "backend/backend.hpp"
#include "backend/docker/engine.hpp"
#include "backend/docker/exec_host.hpp"

#include <cstdint>
#include <string>

namespace fairlead::docker {

struct FileOwner {
  std::uint32_t user = 0, group = 0;
};

// Of a container's `User` when it is made of numbers; names are the image's, which nobody reads: root then.
[[nodiscard]] FileOwner file_owner(const std::string& user);

// A tar archive with the login's files, mode 0600; empty when there is none. What has no place in it is left
// out with a warning in the login's log.
[[nodiscard]] std::string files_archive(const backend::Login& login, FileOwner owner);

// Into the container, started or not. What the engine refuses is a warning in the login's log.
[[nodiscard]] Task<> upload_login_files(Engine engine, std::string container, const backend::Login& login);

// In a running container, one after the other, by `write-file` of the agent in its image, or without one by
// its shell: as the container's user, whoever that is, who may have laid links where a file is to go (TC-7),
// and gets nothing written by this that they could not write themselves. What does not work is a warning in
// the login's log.
[[nodiscard]] Task<> write_login_files(ExecPlace place, const backend::Login& login);

}  // namespace fairlead::docker
