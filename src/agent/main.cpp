// SPDX-License-Identifier: Apache-2.0
// The program in the box: reads its command line (link/agent_link.hpp) and serves.
#include "agent/agent.hpp"
#include "agent/idle.hpp"
#include "agent/passwd.hpp"
#include "agent/scp_main.hpp"
#include "agent/sftp_main.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace {

using fairlead::FileDescriptor;
using fairlead::agent::LinkDescriptors;

constexpr int usage_status = 64;  // EX_USAGE of sysexits.h

int usage() {
  (void)std::fputs(
      "usage: fairlead-agent serve --fd N | --socket PATH | --stdio\n"
      "       fairlead-agent idle\n"
      "       fairlead-agent sftp-server\n"
      "       fairlead-agent scp -t | -f [-dprv] PATH…\n"
      "       fairlead-agent --version\n"
      "The program inside a box. The fairlead daemon starts it; it is of no use by hand.\n",
      stderr);
  return usage_status;
}

// Descriptors 0 to 2 become a program's; the agent's own must not get these numbers.
void occupy_standard_descriptors() {
  for (;;) {
    const int fd = ::open("/", O_PATH | O_DIRECTORY);  // there is one even in an image without /dev/null
    if (fd >= 0 && fd <= STDERR_FILENO) continue;
    if (fd >= 0) ::close(fd);
    return;
  }
}

FileDescriptor above_standard(int fd) {
  return FileDescriptor(::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

FileDescriptor connect_to(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return {};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    socket.reset();
    errno = error;
  }
  return socket;
}

// Nothing when the words are wrong, a link without `in` when there is none (errno).
std::optional<LinkDescriptors> find_link(int count, char** words) {
  const std::string_view kind = count > 2 ? words[2] : "";
  const char* value = count == 4 ? words[3] : nullptr;
  LinkDescriptors link;
  if (kind == "--stdio" && count == 3) {
    link.in = above_standard(STDIN_FILENO);
    link.out = above_standard(STDOUT_FILENO);
    return link;
  }
  if (kind == "--socket" && value != nullptr) {
    link.in = connect_to(value);
    return link;
  }
  const auto number = kind == "--fd" && value != nullptr ? fairlead::agent::parse_id(value) : std::nullopt;
  if (!number) return {};
  link.in = above_standard(static_cast<int>(*number));
  if (link.in) ::close(static_cast<int>(*number));
  return link;
}

int no_link(std::string_view why) {
  const std::string line = "fairlead-agent: no link: " + std::string(why) + '\n';
  (void)std::fputs(line.c_str(), stderr);
  return 1;
}

fairlead::agent::InternalPrograms internal_programs() {
  fairlead::agent::InternalPrograms programs;
  programs.sftp_server = fairlead::agent::run_sftp_server;
  programs.scp = fairlead::agent::run_scp;
  return programs;
}

int serve(int count, char** words) {
  auto link = find_link(count, words);
  if (!link) return usage();
  if (!link->in) return no_link(::strerrordesc_np(errno));
  if (!link->out) {
    auto data_sockets = fairlead::link::DescriptorReceiver::open(link->in.get());
    if (!data_sockets) return no_link(data_sockets.error());
    link->data_sockets = std::move(*data_sockets);
  }
  fairlead::agent::Agent agent(std::move(*link), internal_programs(), environ);
  return agent.run();
}

}  // namespace

int main(int count, char** words) {
  occupy_standard_descriptors();
  const std::string_view command = count > 1 ? words[1] : "";
  if (command == "--version" && count == 2) {
    std::puts("fairlead-agent " FAIRLEAD_VERSION);
    return 0;
  }
  if (command == fairlead::link::idle_command && count == 2) return fairlead::agent::run_idle();
  if (command == "sftp-server") return fairlead::agent::run_sftp_server(STDIN_FILENO, STDOUT_FILENO);
  if (command == "scp") return fairlead::agent::run_scp({words + 1, words + count});
  if (command == "serve") return serve(count, words);
  return usage();
}
