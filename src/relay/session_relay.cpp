// SPDX-License-Identifier: Apache-2.0
// The pumps of a relayed session and the order in which they end.
#include "relay/session_relay.hpp"

#include "base/wire.hpp"
#include "link/agent_link.hpp"
#include "relay/data_socket.hpp"
#include "relay/refusal.hpp"

#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace fairlead::relay {
namespace {

using ssh::Task;

// Shared by the coroutines of one session; they run on one executor.
struct Session {
  SessionRelay context;
  ssh::Channel client;
  ssh::Channel agent;
  ssh::Stream<ssh::Request> agent_requests;
  Meter in, out;
  std::unique_ptr<DataSocket> data = {};  // null: everything goes over the link
  bool terminal = false;
  bool started = false;
  bool replaying = false;  // the request in hand was answered in the waiting room

  void tell(const RelayEvent& event) const {
    if (context.observer) context.observer(event);
  }
};

// Standard input over the link. A write that fails means that the agent's channel is gone: the output side
// tells the client.
Task<> copy_input(Session& session) {
  for (;;) {
    const ssh::View view = co_await session.client.view();
    if (view.data.empty()) break;
    if (view.type == ssh::StreamType::standard) {
      session.in.add(view.data.size());
      co_await session.agent.write(view.data);
    }
    session.client.consume(view.data.size());
  }
  session.agent.close_write();
}

Task<> pump_input(std::shared_ptr<Session> session) {
  try {
    if (session->data)
      co_await session->data->copy_input(session->client, session->in);
    else
      co_await copy_input(*session);
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
    if (!allow(*session.context.policy, question).allowed) continue;
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

// What comes over the link, until the agent's EOF.
Task<> copy_output(Session& session) {
  for (;;) {
    const ssh::View view = co_await session.agent.view();
    if (view.data.empty()) break;
    session.out.add(view.data.size());
    if (view.type == ssh::StreamType::stderr_)
      co_await session.client.write_stderr(view.data);
    else
      co_await session.client.write(view.data);
    session.agent.consume(view.data.size());
  }
}

Task<> copy_data(std::shared_ptr<Session> session) {
  co_await session->data->copy_output(session->client, session->out);
}

Task<> pump_output(std::shared_ptr<Session> session) {
  ssh::TaskScope data(co_await ssh::asio::this_coro::executor);
  if (session->data) data.spawn(copy_data(session));
  try {
    co_await copy_output(*session);
    const auto end = co_await wait_for_end(*session);
    // The agent's CLOSE has come, and before that everything that it put into the data socket.
    if (session->data) session->data->finish_output();
    co_await data.join();
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

// Before the request that starts a program. Without a terminal only: the agent keeps those.
void offer_data_socket(Session& session) {
  link::DescriptorSender* sender = session.context.box->data_sockets();
  if (sender == nullptr || session.terminal || session.started) return;
  session.data = DataSocket::offer(session.context.box->peer().connection.executor(), *sender);
  if (!session.data) return;
  std::array<std::byte, 4> number{};
  ssh::store_u32(number.data(), session.data->number());
  session.agent.notify(link::data_socket_request, number);
}

// What the client wanted, for the program that runs instead; nothing for a shell.
std::optional<std::string> original_of(const ssh::Request& request) {
  if (request.type() == ssh::RequestType::shell) return {};
  if (request.type() == ssh::RequestType::exec) {
    auto exec = request.parse<ssh::ExecRequest>();
    return exec ? std::move(exec->command) : std::string();
  }
  auto subsystem = request.parse<ssh::SubsystemRequest>();
  return subsystem ? std::move(subsystem->name) : std::string();
}

// The forced command in place of the client's, which becomes a variable (core.md section 8.3).
Task<bool> start_forced(Session& session, const ssh::Request& request) {
  if (session.started) co_return false;
  bool told = true;
  if (auto original = original_of(request)) {
    const ssh::EnvRequest variable{std::string(original_command), std::move(*original)};
    told = co_await session.agent.request("env", variable.encode());
  }
  session.tell(CommandForced{session.client.id(), request.name(), told});
  if (!told) co_return false;
  const ssh::ExecRequest forced{*session.context.policy->forced_command};
  offer_data_socket(session);
  co_return co_await session.agent.request("exec", forced.encode());
}

// Who asks for a program learns why there is none. Variables, terminals and signals are refused in silence,
// as most clients ask for them without being told to.
Task<> refuse(Session& session, const ssh::Request& request, const Decision& why) {
  if (why.code.empty()) co_return;
  session.tell(RequestRefused{session.client.id(), request.name(), request.payload(), why.text, why.code});
  if (!starts_program(request.type()) || session.started) co_return;
  co_await tell_refusal(session.context.client, session.client, why.text, session.terminal);
}

// Forwarded one after the other, so that the agent sees the client's order and its answers keep it.
Task<bool> forward_request(Session& session, const ssh::Request& request) {
  const Question question{Side::client, Ask::channel_request, request.name(), request.payload(), 0};
  const Decision decision = allow(*session.context.policy, question);
  if (!decision.allowed) {
    co_await refuse(session, request, decision);
    co_return false;
  }
  if (starts_program(request.type()) && session.context.policy->forced_command)
    co_return co_await start_forced(session, request);
  if (starts_program(request.type())) offer_data_socket(session);
  // What was kept goes one by one: a peer may refuse what comes faster than it answers.
  if (!request.want_reply() && !starts_program(request.type()) && !session.replaying) {
    session.agent.notify(request.name(), request.payload());
    co_return true;
  }
  std::string name(request.name());
  std::vector<std::byte> payload(request.payload().begin(), request.payload().end());
  co_return co_await session.agent.request(std::move(name), std::move(payload));
}

Task<std::optional<ssh::Request>> next_request(Session& session, ssh::Stream<ssh::Request>& requests) {
  auto& asked = session.context.asked;
  if (asked.empty()) co_return co_await requests.next();
  std::optional<ssh::Request> first(std::move(asked.front()));
  asked.pop_front();
  session.replaying = !asked.empty();
  co_return first;
}

void note_terminal(Session& session) {
  session.terminal = true;
  if (session.context.listener) session.context.listener->terminal = true;
}

Task<> pump_requests(std::shared_ptr<Session> session, ssh::Stream<ssh::Request> requests,
                     ssh::TaskScope& scope) {
  while (auto request = co_await next_request(*session, requests)) {
    session->context.activity->seen();
    session->tell(RequestSeen{Side::client, session->client.id(), request->name(), request->payload()});
    bool success = false;
    try {
      success = co_await forward_request(*session, *request);
    } catch (const ssh::ConnectionError&) {  // the agent is gone: refused, and the output side tells why
    }
    session->tell(RequestAnswered{session->client.id(), request->name(), success});
    request->reply(success);
    if (success && request->type() == ssh::RequestType::pty_req) note_terminal(*session);
    if (!success && !session->started) session->data.reset();
    if (!success || !starts_program(request->type()) || std::exchange(session->started, true)) continue;
    // Data flows after the reply: none precedes CHANNEL_SUCCESS (core.md W1.11), and none overtakes a request
    // on its way to the agent.
    scope.spawn(pump_output(session));
    scope.spawn(pump_input(session));
  }
}

}  // namespace

Task<> relay_session(SessionRelay context, ssh::OpenedChannel client, ssh::OpenedChannel agent) {
  const std::shared_ptr<Activity> activity = context.activity;
  activity->seen();
  auto session = std::make_shared<Session>(Session{.context = std::move(context),
                                                   .client = client.channel,
                                                   .agent = agent.channel,
                                                   .agent_requests = std::move(agent.requests),
                                                   .in = Meter(*activity),
                                                   .out = Meter(*activity)});
  session->tell(ChannelOpened{session->client.id(), "session"});
  ssh::TaskScope pumps(co_await ssh::asio::this_coro::executor);
  co_await pump_requests(session, std::move(client.requests), pumps);  // until the client's CLOSE
  session->agent.close();
  session->client.close();
  session->context.place.reset();
  if (session->data) session->data->close();
  co_await pumps.join();
  session->tell(ChannelEnded{session->client.id(), session->in.bytes(), session->out.bytes()});
}

}  // namespace fairlead::relay
