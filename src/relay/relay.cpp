// SPDX-License-Identifier: Apache-2.0
// The relay of one connection: which channels are joined, and what global requests get for an answer.
#include "relay/relay.hpp"

#include "relay/refusal.hpp"
#include "relay/session_relay.hpp"
#include "relay/waiting_room.hpp"

#include <set>
#include <utility>
#include <vector>

namespace fairlead::relay {
namespace {

using ssh::Task;

struct Shared {
  ssh::Connection client;
  std::shared_ptr<BoxGate> gate;
  RelayOptions options;
  std::size_t open_sessions = 0;
  bool client_left = false;
  std::set<std::shared_ptr<backend::Box>> session_boxes = {};  // each of one session

  void tell(const RelayEvent& event) const {
    if (options.observer) options.observer(event);
  }
};

// One of the sessions that maxSessions counts.
struct Place {
  explicit Place(std::shared_ptr<Shared> counted) : shared(std::move(counted)) { ++shared->open_sessions; }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { --shared->open_sessions; }
  std::shared_ptr<Shared> shared;
};

Decision decide(const Shared& shared, const ssh::NewChannel& wish) {
  const Question question{Side::client, Ask::open_channel, wish.type(), wish.extra_data(),
                          shared.open_sessions};
  Decision decision = allow(shared.options.policy, question);
  if (!decision.allowed) return decision;
  if (shared.options.draining && shared.options.draining())
    return {.allowed = false,
            .reason = ssh::OpenFailure::resource_shortage,
            .text = "The server is shutting down."};
  return decision;
}

void refuse(const Shared& shared, ssh::NewChannel wish, const Decision& why) {
  shared.tell(ChannelRefused{wish.type(), why.text, why.code});
  std::move(wish).reject(why.reason, why.text);
}

// The box is not there, or takes no session.
void refuse(const Shared& shared, ssh::NewChannel wish, ssh::OpenFailure reason, std::string_view text) {
  refuse(shared, std::move(wish), Decision{.allowed = false, .reason = reason, .text = text});
}

// Programs end with the link, without waiting for them.
void end_box(backend::Box& box) {
  box.peer().connection.close({ssh::Errc::connection_closed, "client left"});
}

// Whatever a box wants from us it does not get: it only answers.
Task<> refuse_box_channels(std::shared_ptr<Shared> shared, std::shared_ptr<backend::Box> box) {
  while (auto wish = co_await box->peer().channels.next()) {
    const Decision decision =
        allow(shared->options.policy, {Side::box, Ask::open_channel, wish->type(), {}, 0});
    refuse(*shared, std::move(*wish), decision);
  }
}

Task<> refuse_box_requests(std::shared_ptr<Shared> shared, std::shared_ptr<backend::Box> box) {
  while (auto request = co_await box->peer().requests.next()) {
    shared->tell(GlobalRequestSeen{Side::box, request->name()});
    request->reply(false);
  }
}

// Until the box's link has ended.
Task<> attend_box(std::shared_ptr<Shared> shared, std::shared_ptr<backend::Box> box) {
  if (shared->client_left) end_box(*box);
  ssh::TaskScope refusing(co_await ssh::asio::this_coro::executor);
  refusing.spawn(refuse_box_channels(shared, box));
  refusing.spawn(refuse_box_requests(shared, box));
  co_await refusing.join();
}

struct SessionBox {
  std::shared_ptr<backend::Box> box;  // null when there is none
  std::string refusal = {};           // for the client, then
};

// The login's box, or one for this session alone.
Task<SessionBox> find_box(std::shared_ptr<Shared> shared) {
  auto common = co_await shared->gate->pass();
  if (!common) co_return SessionBox{nullptr, std::move(common.error())};
  try {
    std::shared_ptr<backend::Box> own = co_await (*common)->launch_for_session();
    if (!own) co_return SessionBox{std::move(*common)};
    shared->session_boxes.insert(own);
    co_return SessionBox{std::move(own)};
  } catch (const backend::BackendError& error) {
    co_return SessionBox{nullptr, error.user_text()};
  }
}

Task<> remove_session_box(std::shared_ptr<Shared> shared, std::shared_ptr<backend::Box> box) {
  if (shared->session_boxes.erase(box) == 0) co_return;  // it is the login's
  end_box(*box);
  try {
    co_await box->remove();
  } catch (const backend::BackendError&) {  // the backend tries it again
  }
}

// A session before a box has taken it.
struct Guest {
  std::optional<ssh::NewChannel> wish = {};        // not answered yet, or
  std::optional<ssh::OpenedChannel> channel = {};  // let in, because there was something to tell
  Waited waited = {};                              // then

  ssh::OpenedChannel let_in() { return wish ? std::move(*wish).accept() : std::move(*channel); }
};

// Until there is a box or none. False: the client has left.
Task<bool> wait_for_decision(std::shared_ptr<Shared> shared, Guest& guest) {
  BoxGate& gate = *shared->gate;
  while (!gate.decided() && !gate.progress()) co_await gate.change(gate.changes());
  if (gate.decided()) co_return true;
  guest.channel = std::move(*guest.wish).accept();
  guest.wish.reset();
  const std::shared_ptr<const Policy> policy(shared, &shared->options.policy);
  guest.waited = co_await wait_for_box(shared->gate, policy, *guest.channel);
  if (guest.waited.left) guest.channel->channel.close();
  co_return !guest.waited.left;
}

// Too late for a refused open: every program is refused, until the client closes the session.
Task<> refuse_programs(std::shared_ptr<Shared> shared, Guest guest, std::string text) {
  shared->tell(ChannelRefused{"session", text, {}});
  ssh::OpenedChannel client = std::move(*guest.channel);
  std::optional<ssh::Request> request(std::move(guest.waited.asked.back()));
  try {
    for (; request; request = co_await client.requests.next()) {
      if (starts_program(request->type()))
        co_await tell_refusal(shared->client, client.channel, text, guest.waited.terminal);
      request->reply(false);
    }
  } catch (const ssh::ConnectionError&) {  // the client is gone
  }
  client.channel.close();
}

Task<> turn_away(std::shared_ptr<Shared> shared, Guest guest, ssh::OpenFailure reason, std::string text) {
  if (guest.wish)
    refuse(*shared, std::move(*guest.wish), reason, text);
  else
    co_await refuse_programs(shared, std::move(guest), std::move(text));
}

Task<> serve_session(std::shared_ptr<Shared> shared, Guest guest, std::shared_ptr<backend::Box> box,
                     std::shared_ptr<Place> place) {
  ssh::Connection& link = box->peer().connection;
  std::expected<ssh::OpenedChannel, ssh::Refusal> agent =
      std::unexpected(ssh::Refusal{ssh::OpenFailure::connect_failed, {}});
  try {
    agent = co_await link.open_channel("session");
  } catch (const ssh::ConnectionError&) {  // the box has ended
  }
  if (!agent) {
    std::string text = "The box does not take this session.";
    co_await turn_away(shared, std::move(guest), agent.error().reason, std::move(text));
    co_return;
  }
  ssh::OpenedChannel client = guest.let_in();
  std::shared_ptr<Notices::Listener> listener;
  if (shared->options.notices) listener = shared->options.notices->add(client.channel);
  SessionRelay context{.box = std::move(box),
                       .policy = {shared, &shared->options.policy},
                       .observer = shared->options.observer,
                       .client = shared->client,
                       .place = std::move(place),
                       .listener = std::move(listener),
                       .activity = shared->options.activity,
                       .asked = std::move(guest.waited.asked)};
  co_await relay_session(std::move(context), std::move(client), std::move(*agent));
}

Task<> serve_channel(std::shared_ptr<Shared> shared, ssh::NewChannel wish) {
  const Decision decision = decide(*shared, wish);
  if (!decision.allowed) {
    refuse(*shared, std::move(wish), decision);
    co_return;
  }
  auto place = std::make_shared<Place>(shared);
  Guest guest;
  guest.wish.emplace(std::move(wish));
  const bool stays = co_await wait_for_decision(shared, guest);
  if (!stays) co_return;
  SessionBox found = co_await find_box(shared);
  if (!found.box) {
    co_await turn_away(shared, std::move(guest), ssh::OpenFailure::connect_failed, std::move(found.refusal));
    co_return;
  }
  ssh::TaskScope attending(co_await ssh::asio::this_coro::executor);
  if (shared->session_boxes.contains(found.box)) attending.spawn(attend_box(shared, found.box));
  co_await serve_session(shared, std::move(guest), found.box, std::move(place));
  co_await remove_session_box(shared, found.box);
  co_await attending.join();
}

Task<> answer_requests(std::shared_ptr<Shared> shared, ssh::Stream<ssh::Request> requests) {
  while (auto request = co_await requests.next()) {
    const std::string_view name = request->name();
    shared->tell(GlobalRequestSeen{Side::client, name});
    const Decision decision =
        allow(shared->options.policy, {Side::client, Ask::global_request, name, request->payload()});
    if (!decision.code.empty()) shared->tell(GlobalRequestRefused{name, decision.text, decision.code});
    request->reply(decision.allowed);
  }
}

Task<> watch_box(std::shared_ptr<Shared> shared) {
  auto box = co_await shared->gate->pass();
  if (box) co_await attend_box(shared, *box);
}

}  // namespace

Task<> relay(ssh::AcceptedConnection client, std::shared_ptr<BoxGate> gate, RelayOptions options) {
  auto shared = std::make_shared<Shared>(
      Shared{.client = client.connection, .gate = std::move(gate), .options = std::move(options)});
  ssh::TaskScope sessions(co_await ssh::asio::this_coro::executor);
  sessions.spawn(answer_requests(shared, std::move(client.requests)));
  sessions.spawn(watch_box(shared));
  while (auto wish = co_await client.channels.next()) sessions.spawn(serve_channel(shared, std::move(*wish)));
  shared->client_left = true;
  if (auto box = shared->gate->box()) end_box(*box);
  for (const auto& box : shared->session_boxes) end_box(*box);
  co_await sessions.join();
}

}  // namespace fairlead::relay
