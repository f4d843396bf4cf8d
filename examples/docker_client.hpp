// SPDX-License-Identifier: Apache-2.0
// The tutorial's view of Docker: one container that runs one program, with its input, output, size and exit
// status. The calls themselves are the Docker backend's engine client.
#pragma once

#include "backend/docker/engine.hpp"

#include <fairlead/ssh/connection.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace docker {

namespace ssh = fairlead::ssh;
using ssh::Task;

// What a session's requests say before its program starts.
struct ContainerSpec {
  explicit ContainerSpec(std::string image_name) : image(std::move(image_name)) {}

  // What a request says; false when it is too much (ssh/limits.hpp).
  bool set_env(const std::string& name, const std::string& value);
  bool set_terminal(const std::string& term, ssh::TerminalSize terminal_size);
  bool set_size(ssh::TerminalSize terminal_size);
  bool set_command(std::vector<std::string> words);

  std::string image;
  std::vector<std::string> command;      // empty: the image's own
  std::vector<std::string> environment;  // "NAME=value"
  bool terminal = false;
  ssh::TerminalSize size;
};

// A started container; copies are handles to the same one. When the last handle goes, the container is killed
// and removed.
class Container {
 public:
  Container() = default;  // none yet
  explicit operator bool() const noexcept { return state_ != nullptr; }

  // Standard input, as a destination of ssh::copy().
  [[nodiscard]] fairlead::http::Stream input() const;
  // Complete when the program has closed its output.
  [[nodiscard]] Task<> pump_output(ssh::Channel channel) const;
  // The program's exit status, once it has ended.
  [[nodiscard]] Task<std::uint32_t> wait() const;
  [[nodiscard]] Task<> resize(ssh::TerminalSize size) const;

  struct State;
  explicit Container(std::shared_ptr<State> state) : state_(std::move(state)) {}

 private:
  std::shared_ptr<State> state_;
};

// Creates a container on /var/run/docker.sock, attaches to it and starts it. Throws std::exceptions with a
// sentence.
[[nodiscard]] Task<Container> run(ContainerSpec spec);

}  // namespace docker
