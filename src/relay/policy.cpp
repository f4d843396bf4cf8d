// SPDX-License-Identifier: Apache-2.0
// The relay's rules as tables: which channel types and requests pass, from which side.
#include "relay/policy.hpp"

#include <fairlead/ssh/requests.hpp>

#include <algorithm>
#include <array>

namespace fairlead::relay {
namespace {

using ssh::OpenFailure;

// RFC 4254 section 6, client to server, and RFC 4335's break. Answers come from the agent.
constexpr std::array<std::string_view, 9> client_requests = {
    "env", "pty-req", "window-change", "shell", "exec", "subsystem", "signal", "break", "eow@openssh.com"};
// RFC 4254 sections 6.8 and 6.10, server to client; nothing here wants a reply.
constexpr std::array<std::string_view, 3> box_requests = {"exit-status", "exit-signal", "xon-xoff"};

bool names(const auto& table, std::string_view name) {
  return std::ranges::find(table, name) != table.end();
}

Decision yes() {
  return {.allowed = true, .reason = {}, .text = {}};
}

Decision no(OpenFailure reason, std::string text) {
  return {.allowed = false, .reason = reason, .text = std::move(text)};
}

// A forced command is somebody's guard: the client must not steer it by LD_PRELOAD, BASH_ENV or their kin
// (security.md CN-13). What only chooses a language may pass.
bool harmless_variable(ssh::Bytes payload) {
  const auto variable = ssh::EnvRequest::decode(payload);
  return variable && (variable->name == "LANG" || variable->name.starts_with("LC_"));
}

Decision allow_client_request(const Policy& policy, const Question& question) {
  if (question.name == "pty-req" && !policy.pty) return {};
  if (question.name == "env" && policy.forced_command && !harmless_variable(question.payload)) return {};
  return names(client_requests, question.name) ? yes() : Decision{};
}

// Forwarding of ports, sockets, X11 and the agent is off: the client is told so in words it can search for.
Decision allow_channel(const Policy& policy, const Question& question) {
  if (question.from == Side::box)
    return no(OpenFailure::administratively_prohibited, "A box may not open channels.");
  switch (ssh::channel_type(question.name)) {
    case ssh::ChannelType::session:
      if (question.open_sessions < policy.max_sessions) return yes();
      return no(OpenFailure::resource_shortage, "Too many sessions.");
    case ssh::ChannelType::direct_tcpip:
      return no(OpenFailure::administratively_prohibited, "Forwarding is rejected");
    case ssh::ChannelType::direct_streamlocal:
      return no(OpenFailure::administratively_prohibited, "StreamLocal forwarding is rejected");
    default:
      return no(OpenFailure::unknown_channel_type, "unsupported channel type");
  }
}

}  // namespace

Decision allow(const Policy& policy, const Question& question) {
  switch (question.ask) {
    case Ask::open_channel:
      return allow_channel(policy, question);
    case Ask::channel_request:
      if (question.from == Side::client) return allow_client_request(policy, question);
      return names(box_requests, question.name) ? yes() : Decision{};
    case Ask::global_request:
      return {};
  }
  return {};
}

}  // namespace fairlead::relay
