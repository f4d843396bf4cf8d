// SPDX-License-Identifier: Apache-2.0
// Log lines of the relay's events.
#include "daemon/relay_log.hpp"

#include <fairlead/ssh/requests.hpp>

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace fairlead::daemon {
namespace {

// The name that was refused. Not a command, which may hold secrets, nor a variable's value.
std::optional<observe::Label> subject_of(const relay::RequestRefused& event) {
  if (const auto variable = ssh::EnvRequest::decode(event.payload); variable && event.name == "env")
    return observe::Label{"name", variable->name};
  if (const auto named = ssh::SubsystemRequest::decode(event.payload); named && event.name == "subsystem")
    return observe::Label{"name", named->name};
  if (const auto signal = ssh::SignalRequest::decode(event.payload); signal && event.name == "signal")
    return observe::Label{"signal", signal->name};
  return {};
}

struct Writer {
  const observe::Log& log;

  static observe::Label channel_label(std::uint32_t channel) { return {"channelId", std::int64_t{channel}}; }

  void operator()(const relay::ChannelOpened& event) const {
    log.debug("SSH_NEW_CHANNEL", "A channel was opened",
              {channel_label(event.channel), {"type", std::string(event.type)}});
  }
  void operator()(const relay::ChannelRefused& event) const {
    log.info(event.code.empty() ? "SSH_NEW_CHANNEL_REJECTED" : event.code, "A channel was refused",
             {{"type", std::string(event.type)}, {"reason", std::string(event.reason)}});
  }
  void operator()(const relay::RequestSeen& event) const {
    log.debug("SSH_CHANNEL_REQUEST", "A channel request was received",
              {channel_label(event.channel), {"RequestType", std::string(event.name)}});
  }
  void operator()(const relay::RequestRefused& event) const {
    std::vector<observe::Label> labels{channel_label(event.channel),
                                       {"RequestType", std::string(event.name)}};
    if (auto named = subject_of(event)) labels.push_back(std::move(*named));
    log.debug(event.code, event.reason, labels);
  }
  void operator()(const relay::CommandForced& event) const {
    const std::vector<observe::Label> labels{channel_label(event.channel),
                                             {"RequestType", std::string(event.name)}};
    if (event.told)
      log.debug("SECURITY_EXEC_FORCING_COMMAND", "The forced command runs instead of what was asked for",
                labels);
    else
      log.error("SECURITY_EXEC_FAILED_SETENV",
                "The forced command could not be told what was asked for: nothing was run", labels);
  }
  void operator()(const relay::RequestAnswered& event) const {
    const char* code = event.success ? "SSH_CHANNEL_REQUEST_SUCCESSFUL" : "SSH_CHANNEL_REQUEST_FAILED";
    log.debug(code, event.success ? "A channel request was served" : "A channel request was refused",
              {channel_label(event.channel), {"RequestType", std::string(event.name)}});
  }
  void operator()(const relay::ProgramEnded& event) const {
    if (event.how == "lost") {
      log.warning("BACKEND_BOX_LOST", "The box ended before its program",
                  {channel_label(event.channel), {"reason", ssh::to_string(event.payload)}});
    } else if (const auto status = ssh::ExitStatusRequest::decode(event.payload);
               event.how == "exit-status" && status) {
      log.debug("SSH_EXIT", "The program ended",
                {channel_label(event.channel), {"exitCode", std::int64_t{status->status}}});
    } else if (const auto signal = ssh::ExitSignalRequest::decode(event.payload); signal) {
      log.debug("SSH_EXIT_SIGNAL", "The program was ended by a signal",
                {channel_label(event.channel), {"signal", signal->name}});
    }
  }
  void operator()(const relay::ChannelEnded& event) const {
    log.debug("SSH_CHANNEL_CLOSED", "A channel was closed",
              {channel_label(event.channel),
               {"bytesIn", static_cast<std::int64_t>(event.bytes_in)},
               {"bytesOut", static_cast<std::int64_t>(event.bytes_out)}});
  }
  void operator()(const relay::GlobalRequestSeen& event) const {
    log.debug("SSH_GLOBAL_REQUEST", "A global request was received",
              {{"RequestType", std::string(event.name)}});
  }
  void operator()(const relay::GlobalRequestRefused& event) const {
    log.debug(event.code, event.reason, {{"RequestType", std::string(event.name)}});
  }
};

}  // namespace

relay::Observer relay_log(observe::Log log) {
  return [log = std::move(log)](const relay::RelayEvent& event) { std::visit(Writer{log}, event); };
}

void log_engine_event(const observe::Log& log, std::string_view event, std::string_view detail) {
  // "auth" is the verdict of whom the keeper has asked, and the keeper's adapter tells it.
  if (event == "auth_refused" || event == "auth_failed")
    log.info("SSH_AUTH_FAILED", std::string(event), {{"reason", std::string(detail)}});
  else if (event == "auth_unavailable")
    log.error("SSH_AUTH_UNAVAILABLE", "Deciding about an attempt failed", {{"reason", std::string(detail)}});
  else
    log.debug("SSH_ENGINE", std::string(event), {{"detail", std::string(detail)}});
}

}  // namespace fairlead::daemon
