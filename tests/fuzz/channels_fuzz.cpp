// SPDX-License-Identifier: Apache-2.0
// An engine of any role, after the login, between a hostile peer and a careless application, both following
// the input; what the engine puts on the wire is checked against RFC 4254. Inputs that begin with an odd byte
// are instead a raw stream, which must mean the same however it is cut.
#include "base/wire.hpp"
#include "fuzz/fuzz_input.hpp"
#include "protocol/engine.hpp"
#include "protocol/message_numbers.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

using namespace fairlead::ssh;
using fuzz::FuzzInput;
using fuzz::require;

namespace {

constexpr std::uint32_t window = 500;
constexpr std::uint32_t max_packet = 64;

// In packets without encryption, so that the input is what is read: a link whose connection protocol keeps
// the rules of `role`.
Engine make_engine(Role role) {
  auto config = std::make_shared<EngineConfig>();
  config->role = role;
  config->window = window;
  config->max_packet = max_packet;
  config->channels = 8;
  return Engine::make_link(std::move(config));
}

void write_packet(ByteBuffer& out, Bytes payload) {
  std::size_t padding = 8 - (5 + payload.size()) % 8;
  if (padding < 4) padding += 8;
  const std::vector<std::byte> zeros(padding);
  WireWriter(out)
      .u32(static_cast<std::uint32_t>(1 + payload.size() + padding))
      .byte(static_cast<std::uint8_t>(padding))
      .raw(payload)
      .raw(zeros);
}

// What the peer may count on, by the number it gave the channel.
struct PeerView {
  std::uint64_t may_receive = 0;
  std::uint32_t max_packet = 0;
  bool confirmed = false, eof = false, closed = false;
};

class Script {
 public:
  Script(Role role, FuzzInput input) : role_(role), input_(input), engine_(make_engine(role)) {}

  void run() {
    while (!input_.empty() && !ended_) {
      step();
      check_output();
    }
  }

 private:
  void step() {
    switch (input_.byte() % 22) {
      case 0:
        return peer_opens();
      case 1:
        return peer_confirms();
      case 2:
        return raw_message();
      case 3:
        return peer_adjusts();
      case 4:
        return peer_message(msg::channel_data,
                            [this](WireWriter& w) { w.string(input_.take(input_.byte())); });
      case 5:
        return peer_message(msg::channel_extended_data, [this](WireWriter& w) {
          w.u32(input_.byte() % 3).string(input_.take(input_.byte()));
        });
      case 6:
        return peer_message(msg::channel_eof, [](WireWriter&) {});
      case 7:
        return peer_message(msg::channel_close, [](WireWriter&) {});
      case 8:
        return peer_message(msg::channel_request, [this](WireWriter& w) {
          w.string(input_.take(input_.byte() % 80)).byte(input_.byte() % 2);
        });
      case 9:
        return peer_message(input_.byte() % 2 == 0 ? msg::channel_success : msg::channel_failure,
                            [](WireWriter&) {});
      case 10:
        (void)engine_.open_channel("session", {});
        return;
      case 11:
        return engine_.confirm_open(channel());
      case 12:
        return engine_.refuse_open(channel(), OpenFailure::connect_failed, "no");
      case 13:
        return send_data();
      case 14:
        return engine_.consumed(channel(), input_.number());
      case 15:
        return engine_.send_eof(channel());
      case 16:
        return engine_.close_channel(channel());
      case 17:
        return engine_.reply(channel(), input_.number(), input_.byte() % 2 == 0);
      case 18:
        return engine_.send_request(channel(), "signal", input_.byte() % 2 == 0, {});
      case 20:
        return peer_asks_globally();
      case 21:
        return engine_.send_global_request("keepalive@openssh.com", input_.byte() % 2 == 0,
                                           input_.take(input_.byte() % 8));
      default:
        return engine_.reply_global(input_.number(), input_.byte() % 2 == 0, input_.take(input_.byte() % 8));
    }
  }

  ChannelId channel() { return input_.byte() % 10; }

  void deliver(const ByteBuffer& payload) {
    write_packet(inbox_, payload.readable());
    for (;;) {
      MutableBytes input = inbox_.readable();
      const std::size_t before = input.size();
      const auto told = engine_.next(input, {});
      if (!told) {
        ended_ = true;
        return;
      }
      const bool more = !std::holds_alternative<event::NeedMore>(*told);
      if (more) on_event(*told);
      inbox_.consume(before - input.size());
      if (!more) return;
    }
  }

  void on_event(const EngineEvent& told) {
    if (const auto* data = std::get_if<event::ChannelData>(&told)) {
      require(!data->data.empty() && data->data.size() <= window);
      require(!ends_told_.contains(data->channel));
      require(role_ != Role::server || data->type == DataType::standard);
    }
    if (const auto* eof = std::get_if<event::ChannelEof>(&told))
      require(ends_told_.insert(eof->channel).second);
    if (const auto* open = std::get_if<event::ChannelOpen>(&told)) {
      require(!no_more_sessions_ || open->type != "session");
      ends_told_.erase(open->channel);
    }
    if (const auto* open = std::get_if<event::OpenConfirmed>(&told)) ends_told_.erase(open->channel);
    if (const auto* request = std::get_if<event::ChannelRequest>(&told))
      require(request->name.size() <= limits::request_name);
    if (std::holds_alternative<event::Disconnected>(told)) ended_ = true;
  }

  template <class Fill>
  void peer_message(std::uint8_t number, Fill fill) {
    ByteBuffer payload;
    WireWriter writer(payload);
    writer.byte(number).u32(channel());
    fill(writer);
    deliver(payload);
  }

  void peer_asks_globally() {
    const bool gives_up = input_.byte() % 2 == 1;
    ByteBuffer payload;
    WireWriter(payload)
        .byte(msg::global_request)
        .string(gives_up ? as_bytes("no-more-sessions@openssh.com") : input_.take(input_.byte() % 80))
        .boolean(input_.byte() % 2 == 0);
    deliver(payload);
    no_more_sessions_ = no_more_sessions_ || gives_up;
  }

  // Each channel gets a number of its own from the peer, so that messages can be told apart.
  PeerView& new_view(std::uint32_t granted, std::uint32_t maximum) {
    PeerView& view = views_[next_peer_id_++];
    view.may_receive = granted;
    view.max_packet = maximum;
    return view;
  }

  void peer_opens() {
    const std::uint32_t granted = input_.number(), maximum = input_.number();
    ByteBuffer payload;
    WireWriter(payload)
        .byte(msg::channel_open)
        .string(input_.take(input_.byte() % 80))
        .u32(next_peer_id_)
        .u32(granted)
        .u32(maximum);
    new_view(granted, maximum);
    deliver(payload);
  }

  void peer_confirms() {
    const std::uint32_t granted = input_.number(), maximum = input_.number();
    ByteBuffer payload;
    const ChannelId id = channel();
    WireWriter(payload)
        .byte(msg::channel_open_confirmation)
        .u32(id)
        .u32(next_peer_id_)
        .u32(granted)
        .u32(maximum);
    new_view(granted, maximum).confirmed = true;
    deliver(payload);
  }

  // The peer does not know which of its numbers belongs to ours: all get the credit, which only weakens the
  // check.
  void peer_adjusts() {
    const std::uint32_t bytes = input_.number();
    for (auto& [id, view] : views_) view.may_receive += bytes;
    peer_message(msg::channel_window_adjust, [&](WireWriter& w) { w.u32(bytes); });
  }

  void raw_message() {
    const Bytes payload = input_.take(1 + input_.byte() % 64U);
    if (payload.empty()) return;
    const auto number = std::to_integer<std::uint8_t>(payload[0]);
    if (number == msg::channel_open || number == msg::channel_open_confirmation ||
        number == msg::channel_window_adjust)
      return;  // the views would no longer be right
    ByteBuffer copy;
    copy.append(payload);
    deliver(copy);
  }

  void send_data() {
    const ChannelId id = channel();
    const std::size_t wanted = input_.number() % 100'000;
    const std::size_t writable = engine_.writable(id);
    const MutableBytes slot = engine_.prepare_data(id, DataType::standard, wanted);
    require(slot.size() == std::min(writable, wanted));
    if (slot.empty()) return;
    std::ranges::fill(slot, std::byte{'x'});
    engine_.commit_data(input_.byte() % 4 == 0 ? 0 : slot.size());
  }

  // Every packet is well formed and allowed.
  void check_output() {
    ByteBuffer& output = engine_.output();
    WireReader reader(output.readable());
    while (!reader.rest().empty()) {
      const std::uint32_t length = reader.u32();
      const std::uint8_t padding = reader.byte();
      require(reader.ok() && padding >= 4 && length > padding + 1U && (length + 4) % 8 == 0);
      check_message(reader.raw(length - padding - 1));
      (void)reader.raw(padding);
      require(reader.ok());
    }
    output.consume(output.size());
    engine_.output_taken();
    require(engine_.control_backlog() == 0);
  }

  void check_message(Bytes payload) {
    WireReader reader(payload);
    const std::uint8_t number = reader.byte();
    if (number < msg::channel_open_confirmation || number > msg::channel_failure) return;
    const auto found = views_.find(reader.u32());
    require(found != views_.end());
    PeerView& view = found->second;
    require(!view.closed);
    if (number == msg::channel_open_confirmation) view.confirmed = true;
    if (number == msg::channel_open_failure) {
      view.closed = true;
      return;
    }
    require(view.confirmed);
    if (number == msg::channel_data) {
      const Bytes data = reader.string();
      require(reader.done() && !data.empty() && !view.eof);
      require(data.size() <= view.max_packet && data.size() <= view.may_receive);
      view.may_receive -= data.size();
    }
    if (number == msg::channel_eof) require(!std::exchange(view.eof, true));
    if (number == msg::channel_close) view.closed = true;
  }

  Role role_;
  FuzzInput input_;
  Engine engine_;
  ByteBuffer inbox_;
  std::map<std::uint32_t, PeerView> views_;
  std::set<ChannelId> ends_told_;
  std::uint32_t next_peer_id_ = 1000;
  bool no_more_sessions_ = false;
  bool ended_ = false;
};

// What a stream makes of an engine whose application says yes to everything.
std::string outcome(Role role, Bytes stream, std::size_t step) {
  Engine engine = make_engine(role);
  ByteBuffer inbox;
  std::string log;
  while (!stream.empty()) {
    const Bytes piece = stream.first(std::min(step, stream.size()));
    stream = stream.subspan(piece.size());
    inbox.append(piece);
    for (;;) {
      MutableBytes input = inbox.readable();
      const std::size_t before = input.size();
      const auto told = engine.next(input, {});
      if (!told) return log + to_string(told.error()) + std::string(as_text(engine.output().readable()));
      log += static_cast<char>('a' + told->index());
      if (const auto* open = std::get_if<event::ChannelOpen>(&*told)) engine.confirm_open(open->channel);
      if (const auto* data = std::get_if<event::ChannelData>(&*told)) {
        log += as_text(data->data);
        engine.consumed(data->channel, data->data.size());
      }
      if (const auto* request = std::get_if<event::ChannelRequest>(&*told))
        engine.reply(request->channel, request->ticket, true);
      if (const auto* closed = std::get_if<event::ChannelClosed>(&*told))
        engine.close_channel(closed->channel);
      inbox.consume(before - input.size());
      if (std::holds_alternative<event::NeedMore>(*told)) {
        log.pop_back();
        break;
      }
    }
  }
  return log + std::string(as_text(engine.output().readable()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input(data, size);
  const std::uint8_t choice = input.byte();
  constexpr Role roles[] = {Role::link, Role::server, Role::client, Role::link};
  const Role role = roles[choice >> 1 & 3];
  if (choice % 2 == 0) {
    Script(role, input).run();
  } else {
    const std::string whole = outcome(role, input.rest(), SIZE_MAX);
    require(outcome(role, input.rest(), 1) == whole);
    require(outcome(role, input.rest(), 7) == whole);
  }
  return 0;
}
