// SPDX-License-Identifier: Apache-2.0
// The relay's rules: which channel types and requests pass, from which side.
#include "relay/policy.hpp"

#include <fairlead/ssh/requests.hpp>

#include <algorithm>
#include <array>

namespace fairlead::relay {
namespace {

using ssh::OpenFailure;
using ssh::RequestType;

constexpr Decision yes{.allowed = true};
// Nobody knows what was asked for, or it cannot be understood.
constexpr Decision no{};

constexpr Decision refused(std::string_view text, std::string_view code,
                           OpenFailure reason = OpenFailure::administratively_prohibited) {
  return {.allowed = false, .reason = reason, .text = text, .code = code};
}

constexpr Decision yes_or(bool allowed, Decision otherwise) {
  return allowed ? yes : otherwise;
}

// core.md section 8.2's texts.
constexpr Decision no_variable = refused("Environment variable setting rejected.", "SECURITY_ENV_REJECTED");
constexpr Decision no_terminal = refused("TTY allocation disabled.", "SECURITY_TTY_REJECTED");
constexpr Decision no_command = refused("Command execution disabled.", "SECURITY_EXEC_REJECTED");
constexpr Decision no_shell = refused("Shell execution disabled.", "SECURITY_SHELL_REJECTED");
constexpr Decision no_subsystem = refused("Subsystem execution disabled.", "SECURITY_SUBSYSTEM_REJECTED");
constexpr Decision no_signal = refused("Sending signals is rejected.", "SECURITY_SIGNAL_REJECTED");
constexpr Decision no_listener =
    refused("Reverse forwarding is rejected", "SECURITY_REVERSE_FORWARDING_REJECTED");
constexpr Decision no_x11 = refused("X11 forwarding is rejected", "SECURITY_X11_FORWARDING_REJECTED");

// A forced command is somebody's guard: the client must not steer it by LD_PRELOAD, BASH_ENV or their kin
// (security.md CN-13). What only chooses a language may pass, and what the operator lists by name.
bool allows_variable(const Policy& policy, std::string_view name) {
  if (name == original_command) return false;
  const bool harmless = name == "LANG" || name.starts_with("LC_");
  if (policy.forced_command && policy.variables.others && !harmless) return false;
  return policy.variables.allows(name);
}

Decision allow_variable(const Policy& policy, ssh::Bytes payload) {
  const auto variable = ssh::EnvRequest::decode(payload);
  return variable ? yes_or(allows_variable(policy, variable->name), no_variable) : no;
}

Decision allow_command(const Policy& policy, ssh::Bytes payload) {
  const auto exec = ssh::ExecRequest::decode(payload);
  return exec ? yes_or(policy.commands.allows(exec->command), no_command) : no;
}

Decision allow_subsystem(const Policy& policy, ssh::Bytes payload) {
  const auto subsystem = ssh::SubsystemRequest::decode(payload);
  return subsystem ? yes_or(policy.subsystems.allows(subsystem->name), no_subsystem) : no;
}

Decision allow_signal(const Policy& policy, ssh::Bytes payload) {
  const auto signal = ssh::SignalRequest::decode(payload);
  return signal ? yes_or(policy.signals.allows(signal->name), no_signal) : no;
}

// RFC 4254 section 6, client to server, and RFC 4335's break. Answers come from the agent.
Decision allow_client_request(const Policy& policy, const Question& question) {
  switch (ssh::request_type(question.name)) {
    case RequestType::env:
      return allow_variable(policy, question.payload);
    case RequestType::pty_req:
      return yes_or(policy.pty, no_terminal);
    case RequestType::exec:
      return allow_command(policy, question.payload);
    case RequestType::shell:
      return yes_or(policy.shell, no_shell);
    case RequestType::subsystem:
      return allow_subsystem(policy, question.payload);
    case RequestType::signal:
      return allow_signal(policy, question.payload);
    case RequestType::line_break:  // what the agent makes of it
      return yes_or(policy.signals.allows("INT"), no_signal);
    case RequestType::x11_req:
      return no_x11;
    case RequestType::window_change:
    case RequestType::eow:  // of the channel's own ends, as EOF is
      return yes;
    default:
      return no;
  }
}

// RFC 4254 sections 6.8 and 6.10, server to client; nothing here wants a reply.
Decision allow_box_request(const Question& question) {
  constexpr std::array known{RequestType::exit_status, RequestType::exit_signal, RequestType::xon_xoff};
  return yes_or(std::ranges::find(known, ssh::request_type(question.name)) != known.end(), no);
}

// Forwarding of ports, sockets, X11 and the agent is off: the client is told so in words it can search for.
Decision allow_channel(const Policy& policy, const Question& question) {
  if (question.from == Side::box) return refused("A box may not open channels.", {});
  switch (ssh::channel_type(question.name)) {
    case ssh::ChannelType::session:
      return yes_or(question.open_sessions < policy.max_sessions,
                    refused("Too many sessions.", "SECURITY_MAX_SESSIONS", OpenFailure::resource_shortage));
    case ssh::ChannelType::direct_tcpip:
      return refused("Forwarding is rejected", "SECURITY_FORWARDING_REJECTED");
    case ssh::ChannelType::direct_streamlocal:
      return refused("StreamLocal forwarding is rejected", "SECURITY_FORWARDING_REJECTED");
    default:
      return refused("unsupported channel type", {}, OpenFailure::unknown_channel_type);
  }
}

// RFC 4254 section 4: what is unknown is refused. keepalive@openssh.com only wants to hear anything, and the
// engine holds the client to no-more-sessions@openssh.com.
Decision allow_global_request(const Question& question) {
  if (question.from == Side::box) return no;
  switch (ssh::request_type(question.name)) {
    case RequestType::no_more_sessions:
      return yes;
    case RequestType::tcpip_forward:
    case RequestType::streamlocal_forward:
      return no_listener;
    default:
      return no;
  }
}

}  // namespace

Decision allow(const Policy& policy, const Question& question) {
  switch (question.ask) {
    case Ask::open_channel:
      return allow_channel(policy, question);
    case Ask::channel_request:
      return question.from == Side::client ? allow_client_request(policy, question)
                                           : allow_box_request(question);
    case Ask::global_request:
      return allow_global_request(question);
  }
  return no;
}

}  // namespace fairlead::relay
