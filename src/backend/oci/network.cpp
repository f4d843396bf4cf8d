// SPDX-License-Identifier: Apache-2.0
// slirp4netns and pasta.
#include "backend/oci/network.hpp"

#include "backend/oci/failure.hpp"
#include "backend/oci/limits.hpp"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

namespace fairlead::backend::oci {

UserNetwork UserNetwork::detect() {
  if (std::string program = find_program("slirp4netns"); !program.empty()) return {std::move(program), false};
  if (std::string program = find_program("pasta"); !program.empty()) return {std::move(program), true};
  throw failure("network: user needs slirp4netns or pasta (Debian: slirp4netns or passt)");
}

UserNetwork::Attachment UserNetwork::attach(pid_t init, int user_namespace) const {
  const std::string pid = std::to_string(init);
  Command command;
  command.user_namespace = user_namespace;
  if (pasta_) {
    // It goes to the background when it is ready, and ends with the namespace.
    command.arguments = {program_, "--config-net", "--quiet", "--dns-forward", "169.254.1.1", "--no-map-gw",
                         "-t",     "none",         "-u",      "none",          "-T",          "none",
                         "-U",     "none",         pid};
    const Outcome outcome = run(command, limits::runtime_command);
    if (outcome.status != 0) throw failure("pasta: " + outcome.output);
    return {};
  }
  std::array<int, 2> ready{}, words{};
  if (::pipe2(ready.data(), O_CLOEXEC) != 0) throw system_failure("start slirp4netns", errno);
  const FileDescriptor ready_read(ready[0]);
  FileDescriptor ready_write(ready[1]);
  if (::pipe2(words.data(), O_CLOEXEC | O_NONBLOCK) != 0) throw system_failure("start slirp4netns", errno);
  Attachment attachment{{}, FileDescriptor(words[0])};
  const FileDescriptor words_write(words[1]);
  command.descriptors = {{words_write.get(), 1}, {words_write.get(), 2}, {ready_write.get(), 3}};
  command.arguments = {program_,
                       "--configure",
                       "--mtu=65520",
                       "--disable-host-loopback",
                       "--enable-seccomp",
                       "--ready-fd=3",
                       "--userns-path=/proc/" + pid + "/ns/user",
                       pid,
                       "tap0"};
  attachment.process = start(command);
  ready_write.reset();
  pollfd waiting{ready_read.get(), POLLIN, 0};
  char byte = 0;
  const auto deadline = std::chrono::milliseconds(limits::runtime_command);
  if (::poll(&waiting, 1, static_cast<int>(deadline.count())) == 1 && ::read(ready_read.get(), &byte, 1) == 1)
    return attachment;
  std::array<char, 1000> text{};
  const auto got = ::read(attachment.words.get(), text.data(), text.size());
  throw failure("slirp4netns did not connect the box: " +
                std::string(text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))));
}

std::string resolv_conf(const std::string& network, const UserNetwork* user) {
  if (network == "user" && user) return "nameserver " + user->name_server() + "\n";
  if (network != "host") return "# This box has no network.\n";
  std::ifstream in("/etc/resolv.conf");
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace fairlead::backend::oci
