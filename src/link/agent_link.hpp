// SPDX-License-Identifier: Apache-2.0
// The contract between the daemon and the agent in a box: where the agent finds its link, and what the link
// carries besides RFC 4254. The agent's half is src/agent, the daemon's src/backend; docs/architecture.md
// draws the picture.
#pragma once

#include <fairlead/ssh/bytes.hpp>
#include <fairlead/ssh/error.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::link {

// Where the agent and its socket appear inside a box. Mounted read-only.
inline constexpr std::string_view directory = "/.fairlead";
inline constexpr std::string_view agent_path = "/.fairlead/agent";
inline constexpr std::string_view socket_path = "/.fairlead/link";
inline constexpr std::string_view idle_command = "idle";

// Command lines of the agent:
//   agent serve --fd N          link on an inherited descriptor (oci: the runtime's --preserve-fds)
//   agent serve --socket PATH   connect to the daemon's listening socket (docker on this machine)
//   agent serve --stdio         link on standard input and output (docker attach, kubernetes)
//   agent idle                  nothing but reaping: the first process of a box that stays, in which each
//                               login has an agent of its own beside it; ends with SIGTERM or SIGINT
//   agent sftp-server           SFTP on standard input and output
//   agent scp -t|-f … PATH      scp's remote half
//   agent --version
// With --fd and --socket one byte precedes the packets and brings a socket for descriptors
// (descriptor_channel.hpp). As PID 1 it reaps; when the link ends it kills every process it started and
// exits.

// Global request, daemon to agent, first on every link and answered before any channel is opened: for whom
// and how programs are run. Failure (with a sentence as payload) means that the box cannot serve this login.
// Success with takes_data_sockets as payload: the agent has got the socket for descriptors.
inline constexpr std::string_view setup_request = "setup@fairlead";
inline constexpr std::string_view takes_data_sockets = "data-sockets";

// Channel request, daemon to agent, before shell, exec or subsystem, without a reply; uint32 number. Standard
// input and standard output of a program without a terminal go over the data socket that was sent under this
// number and not over the channel: a Unix stream socket, whose other end is the daemon's. All output is in it
// before the channel's EOF. Everything else stays with the channel: standard error, status, ends.
inline constexpr std::string_view data_socket_request = "data-socket@fairlead";

// Channel type, daemon to agent, between setup and the first session: one file for the account of the box.
// The extra data is a string, its path (is_file_path). The content comes as data; deliver_request, without a
// body and with a reply, makes the file appear: complete, mode 0600, in place of what had its name. Missing
// directories are made. No symbolic link is followed but those of root, and none in the file's own place. A
// channel that is closed before that leaves nothing. Why not: the text of OPEN_FAILURE, or data before the
// failure and an EOF; one sentence.
inline constexpr std::string_view file_channel = "file@fairlead";
inline constexpr std::string_view deliver_request = "deliver@fairlead";
// All files of a login together: above any key ring or ticket cache, below what fills a small machine's disk.
inline constexpr std::size_t file_bytes = std::size_t{64} << 20;
inline constexpr std::size_t files = 1000;  // each costs two round trips, and the user waits

// Absolute, without empty parts, "." and "..", at most PATH_MAX.
[[nodiscard]] bool is_file_path(std::string_view path) noexcept;

// Setup::fixed_environment, names and values: the request is one packet, and no program takes a longer single
// variable (MAX_ARG_STRLEN).
inline constexpr std::size_t fixed_environment_bytes = std::size_t{128} * 1024;

struct Setup {
  // Account in the box's /etc/passwd (name, uid, or name:group, uid:gid); empty means the agent's own ids.
  std::string user;
  std::string
      login_name;  // what the client called itself; USER and LOGNAME when the box has no account entry
  std::string working_directory;                         // empty: the account's home, then "/"
  std::vector<std::string> shell_command;                // empty: the account's login shell, then /bin/sh
  std::map<std::string, std::string> environment;        // below what the client sends with env requests
  std::map<std::string, std::string> fixed_environment;  // above it
  // What SSH_CLIENT, SSH_CONNECTION are made from.
  std::string client_address, server_address;
  std::uint16_t client_port = 0, server_port = 0;
  std::map<std::string, std::string> subsystems;  // name to path in the box
  // "internal": always the agent's own SFTP and scp; "auto": the image's where it has them; "image": never
  // the agent's.
  std::string file_transfer = "auto";

  [[nodiscard]] std::vector<std::byte> encode() const;
  static ssh::Result<Setup> decode(ssh::Bytes payload);
};

}  // namespace fairlead::link
