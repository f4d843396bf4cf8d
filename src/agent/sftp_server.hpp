// SPDX-License-Identifier: Apache-2.0
// SFTP version 3 as OpenSSH's sftp-server speaks it, as a state machine: packets in, packets out. What the
// requests do to files, they do as this process, relative to its directory.
#pragma once

#include "agent/id_names.hpp"
#include "agent/sftp_handles.hpp"
#include "agent/sftp_reply.hpp"
#include "base/wire.hpp"

namespace fairlead::agent::sftp {

// What the handlers of requests share.
struct Workspace {
  Handles handles;
  IdNames names;
};

// The fields after the id, decoded with `reader`; a field that is missing makes it a bad message. What a
// handler returns is sent unless it has answered through `reply`.
using Handler = Status (*)(Workspace& workspace, ssh::WireReader& reader, Reply& reply);

class SftpServer {
 public:
  // Answers are appended to `output`, each with its length field.
  explicit SftpServer(ssh::ByteBuffer& output) : output_(output) {}

  // One packet without its length field; answered when this returns. False: this is not SFTP (a request
  // before INIT, or without an id to answer), and nothing more must be fed.
  [[nodiscard]] bool receive(ssh::Bytes packet);

 private:
  [[nodiscard]] bool on_init(ssh::WireReader& reader);

  ssh::ByteBuffer& output_;
  Workspace workspace_;
  bool initialised_ = false;
};

// A path field, NUL-terminated. With a NUL inside, or past the end of the packet, the reader fails.
[[nodiscard]] std::string read_path(ssh::WireReader& reader);

}  // namespace fairlead::agent::sftp
