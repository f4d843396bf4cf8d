// SPDX-License-Identifier: Apache-2.0
// scp -t: what the peer sends becomes files.
#pragma once

#include "agent/scp_peer.hpp"
#include "agent/scp_record.hpp"

#include <sys/stat.h>

#include <optional>
#include <string>

namespace fairlead::agent::scp {

struct Options {
  bool recursive = false;         // -r
  bool preserve = false;          // -p: modes (set-id bits too) and times as they are sent
  bool target_directory = false;  // -d: the target must be a directory
  bool verbose = false;           // -v
};

class ScpSink {
 public:
  // Both outlive the sink.
  ScpSink(ScpPeer& peer, const Options& options);

  void receive_into(const std::string& target);

 private:
  // Each is false when the conversation is over.
  [[nodiscard]] bool receive_entries(const std::string& target);
  [[nodiscard]] bool on_record(const std::string& line, const std::string& target);
  [[nodiscard]] bool receive_directory(const std::string& path, const FileRecord& record);
  [[nodiscard]] bool receive_file(const std::string& path, const FileRecord& record);
  [[nodiscard]] bool protocol_error(std::string_view what);

  ScpPeer& peer_;
  Options options_;
  mode_t mask_;
  std::optional<TimesRecord> times_;  // for the next file or directory
};

}  // namespace fairlead::agent::scp
