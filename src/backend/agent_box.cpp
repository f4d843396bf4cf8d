// SPDX-License-Identifier: Apache-2.0
// Finds the agent program, and opens the link to an agent.
#include "backend/agent_box.hpp"

#include "backend/file_delivery.hpp"
#include "backend/login_environment.hpp"
#include "backend/ready_box.hpp"
#include "base/unix_receive.hpp"

#include <fairlead/ssh/server.hpp>

#include <boost/asio/steady_timer.hpp>

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <vector>

namespace fairlead::backend {

namespace {

namespace asio = ssh::asio;
namespace fs = std::filesystem;

constexpr std::size_t refusal_text = 300;  // of a hostile box's words, in our log
constexpr const char* cannot_start = "Your box could not be started. Please tell the administrator.";

bool runnable(const fs::path& path) {
  std::error_code code;
  return fs::is_regular_file(path, code) && ::access(path.c_str(), X_OK) == 0;
}

link::DescriptorSender open_data_sockets(int link) {
  refuse_descriptors(link);
  auto opened = link::DescriptorSender::open(link);
  if (!opened)
    throw BackendError(std::string("no link to the agent: ") + ::strerrordesc_np(errno), cannot_start);
  return std::move(*opened);
}

using Clock = std::chrono::steady_clock;
constexpr std::chrono::nanoseconds zero{0};

// Once: a second call takes the place of the first.
void close_at(asio::steady_timer& timer, Clock::time_point when, ssh::Connection connection) {
  timer.expires_at(when);
  timer.async_wait([connection](boost::system::error_code code) mutable {
    if (!code) connection.close({ssh::Errc::timeout, "the agent did not answer in time"});
  });
}

}  // namespace

std::string find_agent(const config::Config& config) {
  std::vector<fs::path> candidates;
  if (!config.agent_path.empty()) {
    candidates.emplace_back(config.agent_path);
  } else {
    std::error_code code;
    const auto self = fs::read_symlink("/proc/self/exe", code);
    if (!code) candidates.push_back(self.parent_path() / "fairlead-agent");
    candidates.emplace_back("/usr/lib/fairlead/fairlead-agent");
  }
  std::string looked_at;
  for (const auto& candidate : candidates) {
    if (runnable(candidate)) return fs::canonical(candidate);
    looked_at += (looked_at.empty() ? "" : ", ") + candidate.string();
  }
  throw BackendError("the agent program is missing (looked at " + looked_at + "); set agentPath",
                     "The server is not set up to start boxes. Please tell the administrator.");
}

link::Setup make_setup(const Login& login, const config::Programs& programs,
                       std::map<std::string, std::string> image_environment) {
  link::Setup setup;
  setup.user = programs.user;
  setup.login_name = login.user;
  setup.working_directory = programs.working_directory;
  setup.shell_command = programs.shell_command;
  setup.environment = std::move(image_environment);
  for (const auto& [name, value] : programs.environment) setup.environment[name] = value;
  // A key's own variables would steer the command that the operator forces, and users may write their key
  // files themselves (security.md CN-13).
  if (login.config->security.force_command.empty())
    for (const auto& [name, value] : login.environment) setup.environment[name] = value;
  setup.fixed_environment = login_environment(login, programs.expose_metadata_as_env);
  setup.client_address = login.remote_address;
  setup.client_port = login.remote_port;
  setup.server_address = login.local_address;
  setup.server_port = login.local_port;
  setup.subsystems = programs.subsystems;
  setup.file_transfer = programs.file_transfer;
  return setup;
}

Task<AgentPeer> greet_agent(asio::generic::stream_protocol::socket stream, AgentLink kind,
                            Greeting greeting) {
  std::optional<link::DescriptorSender> data_sockets;
  if (kind == AgentLink::local) data_sockets = open_data_sockets(stream.native_handle());
  AgentPeer peer{ssh::link(std::move(stream)), std::move(data_sockets)};
  ssh::Connection connection = peer.connection.connection;
  asio::steady_timer timer(connection.executor());
  const auto begun = std::chrono::steady_clock::now();
  close_at(timer, begun + (greeting.answer_deadline > zero ? greeting.answer_deadline : greeting.deadline),
           connection);
  std::string refusal;
  bool dead = false;
  try {
    const auto reply = co_await connection.request(std::string(link::setup_request), greeting.setup.encode());
    if (ssh::as_text(reply.payload) != link::takes_data_sockets) peer.data_sockets.reset();
    if (reply.success) {
      close_at(timer, begun + greeting.deadline, connection);
      co_await deliver_files(connection, greeting.login);
      co_return peer;
    }
    // An agent that refuses says why; an end of the link is a failure without a word.
    dead = reply.payload.empty();
    refusal = dead ? "the agent did not answer"
                   : "the agent refused to serve the login: " +
                         ssh::to_string(reply.payload).substr(0, refusal_text);
  } catch (const ssh::ConnectionError& error) {
    dead = true;
    refusal = std::string("no link to the agent: ") + error.what();
    if (error.error().code == ssh::Errc::end_of_stream)
      refusal += " (it did not start, or is of another version than this program)";
  }
  connection.close({ssh::Errc::cancelled, "the agent cannot serve this login"});
  if (dead) throw DeadBox(refusal, cannot_start);
  throw BackendError(refusal, cannot_start);
}

}  // namespace fairlead::backend
