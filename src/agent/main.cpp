// SPDX-License-Identifier: Apache-2.0
// The program in the box: reads its command line (link/agent_link.hpp) and serves.
#include "agent/agent.hpp"
#include "agent/passwd.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>

namespace {

using fairlead::agent::FileDescriptor;
using fairlead::agent::LinkDescriptors;

constexpr int usage_status = 64;  // EX_USAGE of sysexits.h

int usage() {
  (void)std::fputs(
      "usage: fairlead-agent serve --fd N | --socket PATH | --stdio\n"
      "       fairlead-agent --version\n"
      "The program inside a box. The fairlead daemon starts it; it is of no use by hand.\n",
      stderr);
  return usage_status;
}

// Descriptors 0 to 2 become a program's; the agent's own must not get these numbers.
void occupy_standard_descriptors() {
  int fd = 0;
  do {
    // Also in an image without /dev/null.
    fd = ::open("/", O_PATH | O_DIRECTORY);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) ::close(fd);
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

std::optional<LinkDescriptors> find_link(int count, char** words) {
  LinkDescriptors link;
  const std::string_view kind = count > 2 ? words[2] : "";
  if (kind == "--stdio" && count == 3) {
    link.in = above_standard(STDIN_FILENO);
    link.out = above_standard(STDOUT_FILENO);
  } else if (kind == "--fd" && count == 4) {
    const auto number = fairlead::agent::parse_id(words[3]);
    if (!number) return {};
    link.in = above_standard(static_cast<int>(*number));
    if (link.in) ::close(static_cast<int>(*number));
  } else if (kind == "--socket" && count == 4) {
    link.in = connect_to(words[3]);
  } else {
    return {};
  }
  return link;
}

int serve(int count, char** words) {
  auto link = find_link(count, words);
  if (!link) return usage();
  if (!link->in) {
    std::fprintf(stderr, "fairlead-agent: no link: %s\n", std::strerror(errno));
    return 1;
  }
  fairlead::agent::Agent agent(std::move(*link), {}, environ);
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
  if (command == "serve") return serve(count, words);
  return usage();
}
