// SPDX-License-Identifier: Apache-2.0
// scp -f: files and directories are sent to the peer.
#pragma once

#include "agent/scp_peer.hpp"
#include "agent/scp_sink.hpp"

#include <sys/stat.h>

#include <string>
#include <vector>

namespace fairlead::agent::scp {

class ScpSource {
 public:
  // The peer outlives the source.
  ScpSource(ScpPeer& peer, const Options& options);

  // One after the other; what cannot be sent is complained about.
  void send(const std::vector<std::string>& paths);

 private:
  // Each is false when the conversation is over.
  [[nodiscard]] bool send_path(const std::string& path);
  [[nodiscard]] bool send_file(int file, const std::string& path, const struct stat& status);
  [[nodiscard]] bool send_directory(const std::string& path, const struct stat& status);
  // Also the times before it, if they are wanted. `good` is what the peer thinks of it.
  [[nodiscard]] bool announce(const FileRecord& record, const struct stat& status, bool& good);
  // So many bytes, whatever becomes of the file meanwhile: the size is announced, so the rest is zeros.
  [[nodiscard]] bool send_content(int file, std::uint64_t size, int& error);

  ScpPeer& peer_;
  Options options_;
  std::vector<std::byte> memory_;
};

}  // namespace fairlead::agent::scp
