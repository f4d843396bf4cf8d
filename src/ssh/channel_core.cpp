// SPDX-License-Identifier: Apache-2.0
// One channel: who waits for what, and what happens when it ends.
#include "ssh/channel_core.hpp"

#include "ssh/connection_impl.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace fairlead::ssh {
namespace {

// What a writer sends in one turn while others wait: two full packets.
constexpr std::size_t quantum = std::size_t{2} * limits::channel_packet;

// A link's other end, which has no identification, is ours.
bool knows_eow(std::string_view peer) {
  return peer.empty() || peer.find("OpenSSH") != std::string_view::npos ||
         peer.find("Fairlead") != std::string_view::npos;
}

ConnectionError not_writable() {
  return ConnectionError({Errc::connection_closed, "channel closed"});
}

}  // namespace

ChannelCore::ChannelCore(ConnectionImpl& owner, asio::any_io_executor runs_on, ChannelId number, Phase state)
    : connection(&owner), executor(std::move(runs_on)), id(number), phase(state) {}

ChannelCore::~ChannelCore() {
  if (!connection) return;
  ConnectionImpl& owner = *connection;
  owner.contain([&] {
    // The number of an open that the peer has not answered is closed when the answer comes.
    if (phase == Phase::open) owner.engine().close_channel(id);
    owner.flush_soon();
  });
  owner.forget(id, this);
}

Task<Chunk> ChannelCore::read(MutableBytes buffer) {
  const auto self = shared_from_this();
  for (;;) {
    if (closed_here_ || read_closed_ || buffer.empty()) co_return Chunk();
    const Chunk chunk = inbound_.take(buffer);
    if (chunk.size > 0) {
      give_credit(chunk.size);
      co_return chunk;
    }
    if (at_end()) co_return Chunk();
    (void)co_await readers_.wait(executor);
  }
}

Task<std::size_t> ChannelCore::read_standard(MutableBytes buffer) {
  for (;;) {
    const Chunk chunk = co_await read(buffer);
    if (chunk.type == StreamType::standard) co_return chunk.size;
  }
}

Task<View> ChannelCore::view() {
  const auto self = shared_from_this();
  for (;;) {
    if (closed_here_ || read_closed_) co_return View();
    const View oldest = inbound_.view();
    if (!oldest.data.empty()) co_return oldest;
    if (at_end()) co_return View();
    (void)co_await readers_.wait(executor);
  }
}

void ChannelCore::consume(std::size_t size) {
  inbound_.consume(size);
  if (!read_closed_) give_credit(size);
}

void ChannelCore::give_credit(std::size_t size) {
  if (!connection || size == 0) return;
  connection->engine().consumed(id, size);
  connection->flush_soon();
}

Task<> ChannelCore::write(StreamType type, Bytes data) {
  const auto self = shared_from_this();
  const Channel::Fill copy = [&data](MutableBytes slot) {
    const std::size_t size = std::min(slot.size(), data.size());
    std::memcpy(slot.data(), data.data(), size);
    data = data.subspan(size);
    return size;
  };
  while (!data.empty()) (void)co_await write_turn(type, copy, data.size());
}

Task<std::size_t> ChannelCore::write_turn(StreamType type, const Channel::Fill& fill, std::size_t most) {
  const auto self = shared_from_this();
  for (;;) {
    if (!may_write()) throw not_writable();
    if (connection->engine().writable(id) == 0) {
      (void)co_await writers_.wait(executor);
      continue;
    }
    OutputGate& gate = connection->gate();
    if (gate.open_now()) {
      const OutputGate::Turn turn = gate.take();
      co_return send(type, fill, most);
    }
    const auto alive = connection->shared_from_this();  // the turn points into it
    const OutputGate::Turn turn = co_await gate.wait();
    if (turn && may_write() && connection->engine().writable(id) > 0) co_return send(type, fill, most);
  }
}

std::size_t ChannelCore::send(StreamType type, const Channel::Fill& fill, std::size_t most) {
  Engine& engine = connection->engine();
  const auto data_type = type == StreamType::standard ? DataType::standard : DataType::stderr_;
  most = std::min(most, quantum);
  if (most >= limits::channel_packet / 2) connection->prepare_output();
  std::size_t sent = 0;
  while (sent < most) {
    const std::size_t wanted = std::min<std::size_t>(most - sent, limits::channel_packet);
    const MutableBytes slot = engine.prepare_data(id, data_type, wanted);
    if (slot.empty()) break;
    const std::size_t size = fill(slot);
    engine.commit_data(size);
    sent += size;
    if (size < slot.size()) break;
  }
  connection->gate().output_is(engine.output().size());
  connection->flush_soon();
  return sent;
}

// CN-17: only who knows the request is told.
void ChannelCore::close_read() {
  if (std::exchange(read_closed_, true)) return;
  give_credit(inbound_.size());
  inbound_.drop_unseen();
  readers_.wake_all();
  if (!connection || at_end()) return;
  if (knows_eow(connection->engine().peer_identification())) notify(EndOfWriteRequest::wire_name, {});
}

void ChannelCore::close_write() {
  if (std::exchange(write_closed_, true) || !connection || phase != Phase::open) return;
  connection->engine().send_eof(id);
  connection->flush_soon();
  writers_.wake_all();
}

void ChannelCore::close() {
  if (std::exchange(closed_here_, true) || !connection) return;
  write_closed_ = true;
  inbound_.drop_unseen();
  connection->engine().close_channel(id);
  if (auto queue = requests.lock()) queue->close();
  for (const auto& pending : std::exchange(replies_, {})) pending->answered = true;
  readers_.wake_all();
  writers_.wake_all();
  others_.wake_all();
  connection->flush_soon();
}

Task<bool> ChannelCore::request(std::string name, std::vector<std::byte> payload) {
  const auto self = shared_from_this();
  if (!connection || phase != Phase::open || closed_here_) co_return false;
  const auto pending = std::make_shared<PendingReply>();
  replies_.push_back(pending);
  connection->engine().send_request(id, name, true, payload);
  connection->flush_soon();
  while (!pending->answered) (void)co_await others_.wait(executor);
  co_return pending->success;
}

void ChannelCore::notify(std::string_view name, Bytes payload) {
  if (!connection || phase != Phase::open || closed_here_) return;
  connection->engine().send_request(id, name, false, payload);
  connection->flush_soon();
}

Task<bool> ChannelCore::wait_closed() {
  const auto self = shared_from_this();
  while (phase != Phase::over) (void)co_await others_.wait(executor);
  co_return closed_by_peer_;
}

Task<> ChannelCore::wait_opened() {
  const auto self = shared_from_this();
  while (phase == Phase::opening) (void)co_await others_.wait(executor);
}

void ChannelCore::reply(std::uint32_t ticket, bool success) {
  if (!connection || closed_here_) return;
  connection->engine().reply(id, ticket, success);
  connection->flush_soon();
}

void ChannelCore::confirm() {
  if (!connection || phase != Phase::undecided) return;
  phase = Phase::open;
  connection->engine().confirm_open(id);
  connection->flush_soon();
}

void ChannelCore::refuse(OpenFailure reason, std::string_view text) {
  if (!connection || phase != Phase::undecided) return;
  ConnectionImpl& owner = *connection;
  owner.engine().refuse_open(id, reason, text);
  owner.forget(id, this);
  finish();
  owner.flush_soon();
}

void ChannelCore::on_confirmed() {
  phase = Phase::open;
  others_.wake_all();
}

void ChannelCore::on_refused(Refusal why) {
  refusal = std::move(why);
  connection->forget(id, this);
  finish();
}

void ChannelCore::on_data(DataType type, Bytes data) {
  if (closed_here_) return;  // the peer had not seen our CLOSE yet
  if (read_closed_) return give_credit(data.size());
  inbound_.add(type == DataType::standard ? StreamType::standard : StreamType::stderr_, data);
  readers_.wake_all();
}

void ChannelCore::on_reply(bool success) {
  if (replies_.empty()) return;
  const auto pending = std::move(replies_.front());
  replies_.pop_front();
  pending->success = success;
  pending->answered = true;
  others_.wake_all();
}

void ChannelCore::on_eof() {
  eof_ = true;
  readers_.wake_all();
}

void ChannelCore::on_closed() {
  closed_by_peer_ = true;
  // RFC 4254 section 5.3: nothing reaches the peer any more, and our CLOSE is owed.
  connection->engine().close_channel(id);
  connection->forget(id, this);
  finish();
}

void ChannelCore::finish() {
  connection = nullptr;
  phase = Phase::over;
  eof_ = write_closed_ = true;
  if (auto queue = requests.lock()) queue->close();
  for (const auto& pending : std::exchange(replies_, {})) pending->answered = true;
  readers_.wake_all();
  writers_.wake_all();
  others_.wake_all();
}

}  // namespace fairlead::ssh
