// SPDX-License-Identifier: Apache-2.0
// ConnectionImpl: what the engine tells about channels and requests, and who gets it.
#include "ssh/handle_states.hpp"

#include <utility>

namespace fairlead::ssh {
namespace {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

std::vector<std::byte> copy_of(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

}  // namespace

ChannelCore* ConnectionImpl::find(ChannelId id) const noexcept {
  return id < channels_.size() ? channels_[id] : nullptr;
}

std::shared_ptr<ChannelCore> ConnectionImpl::add_channel(ChannelId id, ChannelCore::Phase phase) {
  auto core = std::make_shared<Channel::State>(*this, executor(), id, phase);
  if (channels_.size() <= id) channels_.resize(id + 1, nullptr);
  channels_[id] = core.get();
  return core;
}

void ConnectionImpl::forget(ChannelId id, const ChannelCore* core) noexcept {
  if (find(id) == core) channels_[id] = nullptr;
}

OpenedChannel ConnectionImpl::public_channel(const std::shared_ptr<ChannelCore>& core,
                                             std::size_t most_requests) {
  auto queue = std::make_shared<Queue<Request>>(core->executor, most_requests);
  core->requests = queue;
  if (core->phase == ChannelCore::Phase::over) queue->close();
  return OpenedChannel{Channel(std::static_pointer_cast<Channel::State>(core)),
                       Stream<Request>(std::move(queue))};
}

OpenedChannel ConnectionImpl::accept_channel(const std::shared_ptr<ChannelCore>& core) {
  // After the connection's end none will come.
  const std::size_t most = core->connection ? core->connection->config_->unanswered_requests : 1;
  OpenedChannel channel = public_channel(core, most);
  core->confirm();
  return channel;
}

Task<std::expected<OpenedChannel, Refusal>> ConnectionImpl::open_channel(std::string type,
                                                                         std::vector<std::byte> extra) {
  const auto self = shared_from_this();
  if (ended_) throw ending();
  const auto id = engine_.open_channel(type, extra);
  if (!id) co_return std::unexpected(Refusal{OpenFailure::resource_shortage, "too many channels"});
  const auto core = add_channel(*id, ChannelCore::Phase::opening);
  OpenedChannel channel = public_channel(core, config_->unanswered_requests);
  flush_soon();
  co_await core->wait_opened();
  if (core->refusal) co_return std::unexpected(std::move(*core->refusal));
  // The peer may have opened and closed it at once: that is a channel at its end, not a refusal.
  if (ended_) throw ending();
  co_return std::move(channel);
}

Task<Connection::GlobalReply> ConnectionImpl::global_request(std::string name,
                                                             std::vector<std::byte> payload) {
  const auto self = shared_from_this();
  Connection::GlobalReply reply;
  if (ended_) co_return reply;
  const auto pending = std::make_shared<PendingReply>();
  replies_.push_back(pending);
  engine_.send_global_request(name, true, payload);
  flush_soon();
  while (!pending->answered) (void)co_await reply_waiters_.wait(executor());
  reply.success = pending->success;
  reply.payload = std::move(pending->payload);
  co_return reply;
}

void ConnectionImpl::reply_global(std::uint32_t ticket, bool success, Bytes payload) {
  engine_.reply_global(ticket, success, payload);
  flush_soon();
}

std::optional<EngineEvent> ConnectionImpl::dispatch(MutableBytes& input) {
  const auto now = Clock::now();
  engine_.check_rekey(now);
  while (!ended_) {
    auto event = engine_.next(input, now);
    if (!event) {
      end(event.error());
    } else if (std::holds_alternative<event::NeedMore>(*event)) {
      break;
    } else if (!on_event(*event)) {
      return std::move(*event);
    }
  }
  return std::nullopt;
}

bool ConnectionImpl::on_event(EngineEvent& event) {
  const auto to_channel = [this](ChannelId id, auto tell) {
    if (ChannelCore* core = find(id)) tell(*core);
  };
  return std::visit(Overloaded{
                        [&](const event::ChannelData& e) {
                          to_channel(e.channel, [&](ChannelCore& core) { core.on_data(e.type, e.data); });
                          return true;
                        },
                        [&](event::Writable& e) { return on_event(e), true; },
                        [&](event::ChannelOpen& e) { return on_event(e), true; },
                        [&](const event::OpenConfirmed& e) {
                          quick_ack_ = false;
                          ChannelCore* core = find(e.channel);
                          if (core)
                            core->on_confirmed();
                          else  // whoever wanted it has gone away
                            engine_.close_channel(e.channel);
                          return true;
                        },
                        [&](const event::OpenFailed& e) {
                          to_channel(e.channel, [&](ChannelCore& core) {
                            core.on_refused({e.reason, std::string(e.text)});
                          });
                          return true;
                        },
                        [&](event::ChannelRequest& e) { return on_event(e), true; },
                        [&](const event::ChannelReply& e) {
                          to_channel(e.channel, [&](ChannelCore& core) { core.on_reply(e.success); });
                          return true;
                        },
                        [&](const event::ChannelEof& e) {
                          to_channel(e.channel, [](ChannelCore& core) { core.on_eof(); });
                          return true;
                        },
                        [&](const event::ChannelClosed& e) {
                          if (ChannelCore* core = find(e.channel))
                            core->on_closed();
                          else
                            engine_.close_channel(e.channel);
                          return true;
                        },
                        [&](event::GlobalRequest& e) {
                          if (login_ && login_->answers(e.name)) return false;
                          return on_event(e), true;
                        },
                        [&](event::GlobalReply& e) { return on_event(e), true; },
                        [&](const event::Disconnected& e) { return on_event(e), true; },
                        [](const auto&) { return false; },
                    },
                    event);
}

void ConnectionImpl::on_event(event::Writable& event) {
  if (event.channel) {
    if (ChannelCore* core = find(*event.channel)) core->on_writable();
    return;
  }
  for (ChannelCore* core : channels_)
    if (core) core->on_writable();
}

void ConnectionImpl::on_event(const event::Disconnected& event) {
  farewell_ = std::make_unique<const Farewell>(
      Farewell{event.reason, std::string(event.text.substr(0, limits::disconnect_text))});
  end({Errc::disconnected_by_peer});
}

void ConnectionImpl::on_event(event::ChannelOpen& event) {
  quick_ack_ = false;
  const auto queue = new_channels_.lock();
  if (undecided_ >= config_->undecided_channels) {
    engine_.refuse_open(event.channel, OpenFailure::resource_shortage, "too many channels are being opened");
    return;
  }
  ++undecided_;
  auto state = std::make_unique<NewChannel::State>();
  state->channel = add_channel(event.channel, ChannelCore::Phase::undecided);
  state->type = event.type;
  state->extra = copy_of(event.extra);
  NewChannel channel(std::move(state));
  // One that is not taken is refused on its destruction.
  if (queue) (void)queue->try_push(std::move(channel));
}

void ConnectionImpl::on_event(event::ChannelRequest& event) {
  ChannelCore* core = find(event.channel);
  if (!core) return;
  const auto queue = core->requests.lock();
  if (!queue || core->unanswered >= config_->unanswered_requests) {
    if (event.want_reply) engine_.reply(event.channel, event.ticket, false);
    return;
  }
  ++core->unanswered;
  auto state = std::make_unique<Request::State>();
  state->channel = core->shared_from_this();
  state->ticket = event.ticket;
  state->name = event.name;
  state->want_reply = event.want_reply;
  state->payload = copy_of(event.payload);
  (void)queue->try_push(Request(std::move(state)));
}

void ConnectionImpl::on_event(event::GlobalRequest& event) {
  const auto queue = requests_.lock();
  if (!queue || unanswered_ >= config_->unanswered_requests) {
    if (event.want_reply) engine_.reply_global(event.ticket, false);
    return;
  }
  ++unanswered_;
  auto state = std::make_unique<Request::State>();
  state->connection = weak_from_this();
  state->ticket = event.ticket;
  state->name = event.name;
  state->want_reply = event.want_reply;
  state->payload = copy_of(event.payload);
  (void)queue->try_push(Request(std::move(state)));
}

void ConnectionImpl::on_event(event::GlobalReply& event) {
  if (replies_.empty()) return;
  const auto pending = std::move(replies_.front());
  replies_.pop_front();
  if (!pending) return;  // a keepalive's: any answer will do
  pending->success = event.success;
  pending->payload = copy_of(event.payload);
  pending->answered = true;
  reply_waiters_.wake_all();
}

}  // namespace fairlead::ssh
