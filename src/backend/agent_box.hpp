// SPDX-License-Identifier: Apache-2.0
// What every box with our agent needs: finding the agent program, and the first words with it over the link.
#pragma once

#include "backend/backend.hpp"
#include "config/config.hpp"
#include "link/agent_link.hpp"
#include "link/descriptor_channel.hpp"

#include <fairlead/ssh/connection.hpp>

#include <boost/asio/generic/stream_protocol.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace fairlead::backend {

// The agent's path on this machine: the configured one, else beside this program, else /usr/lib/fairlead.
// Throws BackendError when there is none that can be run.
[[nodiscard]] std::string find_agent(const config::Config& config);

// For whom and how programs run: the image's own environment below the configured one below the login's, and
// above them and the client's what the login's metadata sets (login_environment.hpp).
[[nodiscard]] link::Setup make_setup(const Login& login, const config::Programs& programs,
                                     std::map<std::string, std::string> image_environment = {});

// How the agent is reached.
enum class AgentLink : std::uint8_t {
  local,   // a Unix socket that ends in the agent itself
  bridge,  // a stream that something else carries to its standard input and output
};

struct Greeting {
  link::Setup setup;
  // Its files go into the box. Outlives the greeting.
  const Login& login;
  std::chrono::nanoseconds deadline;  // of all of it
  // Of the agent's answer to the setup request; 0: the deadline of all.
  std::chrono::nanoseconds answer_deadline{0};
};

struct AgentPeer {
  ssh::AcceptedConnection connection;
  std::optional<link::DescriptorSender> data_sockets;  // Box::data_sockets()
};

// Opens the link on a connected stream to the agent, sends the setup request and delivers the login's files:
// before the first program can start. Throws BackendError when the agent refuses (its words in what(),
// escaped by the log), DeadBox (ready_box.hpp) when it has ended or is not done after the deadline; the
// stream is closed then. A file that cannot be written is a warning in the login's log.
[[nodiscard]] Task<AgentPeer> greet_agent(ssh::asio::generic::stream_protocol::socket stream, AgentLink kind,
                                          Greeting greeting);

}  // namespace fairlead::backend
