// SPDX-License-Identifier: Apache-2.0
// A box's way out, for `network: user`: a host process that is its router, without any privilege on the
// host's network.
#pragma once

#include "backend/oci/process.hpp"

#include <filesystem>
#include <string>

namespace fairlead::backend::oci {

// slirp4netns, or pasta (Debian: passt). The box cannot reach the host's own loopback through it.
class UserNetwork {
 public:
  struct Attachment {
    Process process;
    FileDescriptor words;  // what it says goes here and, once the pipe is full, nowhere
  };
  // Throws BackendError with what to install.
  [[nodiscard]] static UserNetwork detect();
  // Connects the network namespace of `init`; ready when it returns. Drop it to disconnect.
  [[nodiscard]] Attachment attach(pid_t init, int user_namespace) const;
  [[nodiscard]] std::string name_server() const { return pasta_ ? "169.254.1.1" : "10.0.2.3"; }

 private:
  UserNetwork(std::string program, bool pasta) : program_(std::move(program)), pasta_(pasta) {}
  std::string program_;
  bool pasta_;
};

// What /etc/resolv.conf of a box says for a network mode.
[[nodiscard]] std::string resolv_conf(const std::string& network, const UserNetwork* user);

}  // namespace fairlead::backend::oci
