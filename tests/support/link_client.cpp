// SPDX-License-Identifier: Apache-2.0
// Turns the engine's events into records that a test can look at.
#include "support/link_client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <variant>

namespace fairlead::test {
namespace {

constexpr std::chrono::seconds patience{10};

}  // namespace

std::shared_ptr<const ssh::EngineConfig> LinkClient::config() {
  auto config = std::make_shared<ssh::EngineConfig>();
  config->role = ssh::Role::link;
  return config;
}

bool LinkClient::setup(const link::Setup& setup) {
  global_answer_.reset();
  engine_.send_global_request(link::setup_request, true, setup.encode());
  return wait([this] { return global_answer_.has_value(); }) && *global_answer_;
}

ssh::ChannelId LinkClient::open(std::string_view type, ssh::Bytes extra) {
  const auto channel = engine_.open_channel(type, extra).value();
  records_[channel] = {};
  wait([&] { return records_[channel].confirmed || records_[channel].refused; });
  return channel;
}

bool LinkClient::request(ssh::ChannelId channel, std::string_view name, ssh::Bytes payload) {
  auto& replies = records_[channel].replies;
  const auto before = replies.size();
  engine_.send_request(channel, name, true, payload);
  return wait([&] { return replies.size() > before; }) && replies[before];
}

void LinkClient::notify(ssh::ChannelId channel, std::string_view name, ssh::Bytes payload) {
  engine_.send_request(channel, name, false, payload);
  flush();
}

ssh::ChannelId LinkClient::start(std::string_view command) {
  const auto channel = open();
  request(channel, "exec", ssh::ExecRequest{std::string(command)}.encode());
  return channel;
}

void LinkClient::send(ssh::ChannelId channel, std::string_view text) {
  while (!text.empty() && !ended_ && !records_[channel].closed) {
    text.remove_prefix(engine_.send_data(channel, ssh::DataType::standard, ssh::as_bytes(text)));
    flush();
    if (!text.empty()) wait([&] { return engine_.writable(channel) > 0 || records_[channel].closed; });
  }
}

void LinkClient::send_eof(ssh::ChannelId channel) {
  engine_.send_eof(channel);
  flush();
}

void LinkClient::close(ssh::ChannelId channel) {
  engine_.close_channel(channel);
  flush();
}

ChannelRecord LinkClient::wait_end(ssh::ChannelId channel) {
  wait([&] { return records_[channel].closed; });
  return records_[channel];
}

ChannelRecord LinkClient::run(std::string_view command) {
  const auto channel = start(command);
  send_eof(channel);
  return wait_end(channel);
}

bool LinkClient::wait_output(ssh::ChannelId channel, std::string_view text) {
  return wait([&] { return records_[channel].out.contains(text); });
}

bool LinkClient::wait(const std::function<bool()>& done) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + patience;
  flush();
  while (!done()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (ended_ || left.count() <= 0) return false;
    step(left);
  }
  return true;
}

void LinkClient::release_window() {
  for (const auto& [channel, size] : std::exchange(held_, {})) engine_.consumed(channel, size);
  flush();
}

void LinkClient::hang_up() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  ended_ = true;
}

void LinkClient::step(std::chrono::milliseconds longest) {
  pollfd ready{fd_, POLLIN, 0};
  if (::poll(&ready, 1, static_cast<int>(longest.count())) <= 0) return;
  constexpr std::size_t piece = std::size_t{256} * 1024;
  const auto got = ::recv(fd_, input_.prepare(piece).data(), piece, 0);
  if (got <= 0) {
    ended_ = true;
    return;
  }
  input_.commit(static_cast<std::size_t>(got));
  auto rest = input_.readable();
  for (;;) {
    const auto event = engine_.next(rest, ssh::Engine::Clock::now());
    if (!event) ended_ = true;
    if (!event || std::holds_alternative<ssh::event::NeedMore>(*event)) break;
    on_event(*event);
  }
  input_.consume(input_.size() - rest.size());
  flush();
}

void LinkClient::flush() {
  auto& output = engine_.output();
  while (!output.empty() && !ended_) {
    const auto sent = ::send(fd_, output.readable().data(), output.size(), MSG_NOSIGNAL);
    if (sent > 0)
      output.consume(static_cast<std::size_t>(sent));
    else if (errno != EINTR)
      ended_ = true;
  }
  engine_.output_taken();
}

ChannelRecord& LinkClient::note(ssh::ChannelId channel, std::string_view what) {
  auto& record = records_[channel];
  if (!record.order.ends_with(what)) {
    if (!record.order.empty()) record.order += ' ';
    record.order += what;
  }
  return record;
}

void LinkClient::on_data(const ssh::event::ChannelData& data) {
  auto& record = note(data.channel, "data");
  (data.type == ssh::DataType::standard ? record.out : record.err) += ssh::as_text(data.data);
  if (hold_window_)
    held_.emplace_back(data.channel, data.data.size());
  else
    engine_.consumed(data.channel, data.data.size());
}

void LinkClient::on_request(const ssh::event::ChannelRequest& request) {
  auto& record = note(request.channel, request.name);
  if (request.name == "exit-status")
    record.exit_status = ssh::ExitStatusRequest::decode(request.payload).value().status;
  if (request.name == "exit-signal")
    record.exit_signal = ssh::ExitSignalRequest::decode(request.payload).value();
}

void LinkClient::on_event(const ssh::EngineEvent& event) {
  namespace happened = ssh::event;
  if (const auto* data = std::get_if<happened::ChannelData>(&event)) return on_data(*data);
  if (const auto* asked = std::get_if<happened::ChannelRequest>(&event)) return on_request(*asked);
  if (const auto* opened = std::get_if<happened::OpenConfirmed>(&event))
    records_[opened->channel].confirmed = true;
  if (const auto* failed = std::get_if<happened::OpenFailed>(&event)) {
    records_[failed->channel].refused = failed->reason;
    records_[failed->channel].refusal = failed->text;
  }
  if (const auto* reply = std::get_if<happened::ChannelReply>(&event))
    note(reply->channel, "reply").replies.push_back(reply->success);
  if (const auto* eof = std::get_if<happened::ChannelEof>(&event)) note(eof->channel, "eof");
  if (const auto* closed = std::get_if<happened::ChannelClosed>(&event)) {
    note(closed->channel, "close").closed = true;
    engine_.close_channel(closed->channel);
  }
  if (const auto* answer = std::get_if<happened::GlobalReply>(&event)) {
    global_answer_ = answer->success;
    global_payload_ = ssh::to_string(answer->payload);
  }
  if (std::holds_alternative<happened::Disconnected>(event)) ended_ = true;
}

}  // namespace fairlead::test
