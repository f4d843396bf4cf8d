// SPDX-License-Identifier: Apache-2.0
// The pumps of a relayed session and the order in which they end.
#include "relay/session_relay.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace fairlead::relay {
namespace {

using ssh::Task;

// As much as one packet carries: more would only wait here.
constexpr std::size_t piece = std::size_t{32} * 1024;

// Shared by the coroutines of one session; they run on one executor.
struct Session {
  SessionRelay context;
  ssh::Channel client;
  ssh::Channel agent;
  ssh::Stream<ssh::Request> agent_requests;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  bool started = false;

  void tell(const RelayEvent& event) const {
    if (context.observer) context.observer(event);
  }
};

// Standard input. A write that fails means that the agent's channel is gone: the output side tells the
// client.
Task<> pump_input(std::shared_ptr<Session> session) {
  std::vector<std::byte> buffer(piece);
  try {
    while (const std::size_t size = co_await session->client.read_some(buffer)) {
      session->bytes_in += size;
      co_await session->agent.write(ssh::Bytes(buffer).first(size));
    }
    session->agent.close_write();
  } catch (const ssh::ConnectionError&) {  // one side is gone: the output side tells why
  }
}

struct ProgramEnd {
  std::string name;
  std::vector<std::byte> payload;
};

Task<std::optional<ProgramEnd>> wait_for_end(Session& session) {
  std::optional<ProgramEnd> end;
  while (auto request = co_await session.agent_requests.next()) {
    const Question question{Side::box, Ask::channel_request, request->name(), request->payload(), 0};
    if (!allow(session.context.policy, question).allowed) continue;
    const bool is_end = request->type() == ssh::RequestType::exit_status
                            ? request->parse<ssh::ExitStatusRequest>().has_value()
                            : request->type() == ssh::RequestType::exit_signal &&
                                  request->parse<ssh::ExitSignalRequest>().has_value();
    if (is_end && !end)
      end = ProgramEnd{std::string(request->name()), {request->payload().begin(), request->payload().end()}};
  }
  co_return end;
}

// The agent went away without saying how the program ended.
Task<> tell_loss(Session& session) {
  std::string why;
  try {
    why = co_await session.context.box->end_reason();
  } catch (const std::exception&) {  // the engine does not answer either
  }
  if (why.empty()) why = "The box ended unexpectedly.";
  session.tell(ProgramEnded{session.client.id(), "lost", ssh::as_bytes(why)});
  const std::string line = "\r\nfairlead: " + why + "\r\n";
  co_await session.client.write_stderr(ssh::as_bytes(line));
  session.client.send_exit_signal("KILL", false, why);
}

Task<> pump_output(std::shared_ptr<Session> session) {
  std::vector<std::byte> buffer(piece);
  try {
    for (;;) {
      const ssh::Chunk chunk = co_await session->agent.read_chunk(buffer);
      if (chunk.size == 0) break;
      const ssh::Bytes data = ssh::Bytes(buffer).first(chunk.size);
      session->bytes_out += chunk.size;
      if (chunk.type == ssh::StreamType::stderr_)
        co_await session->client.write_stderr(data);
      else
        co_await session->client.write(data);
    }
    // Released before the wait below: a program may run on for hours with its output closed.
    std::vector<std::byte>().swap(buffer);
    const auto end = co_await wait_for_end(*session);
    if (end) {
      session->client.close_write();
      session->client.notify(end->name, end->payload);
      session->tell(ProgramEnded{session->client.id(), end->name, end->payload});
    } else {
      co_await tell_loss(*session);
    }
  } catch (const ssh::ConnectionError&) {  // the client is gone
  }
  session->client.close();
}

bool starts_program(ssh::RequestType type) {
  return type == ssh::RequestType::shell || type == ssh::RequestType::exec ||
         type == ssh::RequestType::subsystem;
}

// The forced command in place of the client's, which becomes a variable (core.md section 8.3).
Task<bool> start_forced(Session& session, const ssh::Request& request) {
  std::string original;
  if (const auto exec = request.parse<ssh::ExecRequest>(); exec && request.type() == ssh::RequestType::exec)
    original = exec->command;
  else if (const auto named = request.parse<ssh::SubsystemRequest>();
           named && request.type() != ssh::RequestType::shell)
    original = named->name;
  if (request.type() != ssh::RequestType::shell) {
    const ssh::EnvRequest variable{"SSH_ORIGINAL_COMMAND", original};
    if (!co_await session.agent.request("env", variable.encode())) co_return false;
  }
  const ssh::ExecRequest forced{*session.context.policy.forced_command};
  co_return co_await session.agent.request("exec", forced.encode());
}

// Forwarded one after the other, so that the agent sees the client's order and its answers keep it.
Task<bool> forward_request(Session& session, const ssh::Request& request) {
  const Question question{Side::client, Ask::channel_request, request.name(), request.payload(), 0};
  if (!allow(session.context.policy, question).allowed) co_return false;
  if (starts_program(request.type()) && session.context.policy.forced_command)
    co_return co_await start_forced(session, request);
  if (!request.want_reply() && !starts_program(request.type())) {
    session.agent.notify(request.name(), request.payload());
    co_return true;
  }
  std::string name(request.name());
  std::vector<std::byte> payload(request.payload().begin(), request.payload().end());
  co_return co_await session.agent.request(std::move(name), std::move(payload));
}

Task<> pump_requests(std::shared_ptr<Session> session, ssh::Stream<ssh::Request> requests,
                     ssh::TaskScope& scope) {
  while (auto request = co_await requests.next()) {
    session->tell(RequestSeen{Side::client, session->client.id(), request->name(), request->payload()});
    bool success = false;
    try {
      success = co_await forward_request(*session, *request);
    } catch (const ssh::ConnectionError&) {  // the agent is gone: refused, and the output side tells why
    }
    session->tell(RequestAnswered{session->client.id(), request->name(), success});
    request->reply(success);
    if (!success || !starts_program(request->type()) || std::exchange(session->started, true)) continue;
    // Data flows after the reply: none precedes CHANNEL_SUCCESS (core.md W1.11), and none overtakes a request
    // on its way to the agent.
    scope.spawn(pump_output(session));
    scope.spawn(pump_input(session));
  }
}

}  // namespace

Task<> relay_session(SessionRelay context, ssh::OpenedChannel client, ssh::OpenedChannel agent) {
  auto session = std::make_shared<Session>(Session{.context = std::move(context),
                                                   .client = client.channel,
                                                   .agent = agent.channel,
                                                   .agent_requests = std::move(agent.requests)});
  session->tell(ChannelOpened{session->client.id(), "session"});
  ssh::TaskScope pumps(co_await ssh::asio::this_coro::executor);
  co_await pump_requests(session, std::move(client.requests), pumps);  // until the client's CLOSE
  session->agent.close();
  session->client.close();
  co_await pumps.join();
  session->tell(ChannelEnded{session->client.id(), session->bytes_in, session->bytes_out});
}

}  // namespace fairlead::relay
