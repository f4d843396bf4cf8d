// SPDX-License-Identifier: Apache-2.0
// What the Docker backend keeps on this machine: the agent program as boxes see it, and one directory per
// box.
//
//   <state>/docker/<instance>/          0700: nobody else gets at the sockets below
//       owner                           who we are on an engine's labels, made once
//       agent                           our copy of the agent: an upgrade does not change it under running
//       boxes boxes/<box>/                    0755, mounted read-only at /.fairlead in the box
//           agent                       hard link of the copy: a box costs no disk
//           link                        our Unix socket, until the agent has connected
//       homes/<container>/              the same for a box that stays, as long as this directory
//           agent                       replaced when ours is newer: each login starts one
//           link-<random>               one for each login
#pragma once

#include <fairlead/ssh/async.hpp>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

namespace fairlead::docker {

// Immutable after its constructor; thread-safe. Throws backend::BackendError when the disk does not play
// along.
class BoxFiles {
 public:
  BoxFiles(const std::filesystem::path& state, const std::string& instance, const std::string& agent);

  [[nodiscard]] const std::string& owner() const noexcept { return owner_; }
  [[nodiscard]] std::string directory_of(const std::string& box) const;
  void create(const std::string& box) const;  // no-op when it is there
  void remove(const std::string& box) const;  // no-op when there is none
  // The directory of a box that stays, by its container's name, with the agent of today in it.
  [[nodiscard]] std::string open_home(const std::string& container) const;
  // The agent as a tar archive, to be unpacked at "/" or, with `inside`, in /.fairlead itself.
  [[nodiscard]] std::string agent_archive(bool inside) const;

 private:
  std::filesystem::path root_;
  std::string owner_;
};

// The Unix socket in a box's directory where its agent connects. Any uid in the box may; the first one is the
// agent, since it is the box's first process, and nobody comes after it. (In a box that stays it need not be:
// there every program of the box is trusted with every login to it.)
class AgentListener {
 public:
  AgentListener(const ssh::asio::any_io_executor& executor, const std::string& directory,
                const std::string& name = "link");
  ~AgentListener() { close(); }
  AgentListener(const AgentListener&) = delete;
  AgentListener& operator=(const AgentListener&) = delete;

  // The one connection; the socket is gone from the directory afterwards. Throws boost::system::system_error
  // (operation_aborted after close()).
  [[nodiscard]] ssh::Task<ssh::asio::generic::stream_protocol::socket> accept();
  void close();

 private:
  std::string path_;
  ssh::asio::local::stream_protocol::acceptor acceptor_;
};

}  // namespace fairlead::docker
