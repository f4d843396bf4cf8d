// SPDX-License-Identifier: Apache-2.0
// One SSH connection: its socket, its engine, its channels, and the reader that drives them.
//
//   socket ─► Inbox ─► Engine::next() ─► on_event() ─► ChannelCore, request and channel queues
//   socket ◄─ flush() ◄─ Engine::output() ◄─ ChannelCore::write(), replies, credit
#pragma once

#include "protocol/engine.hpp"
#include "ssh/bulk_receive.hpp"
#include "ssh/channel_core.hpp"
#include "ssh/deadlines.hpp"
#include "ssh/inbox.hpp"
#include "ssh/login.hpp"
#include "ssh/output_gate.hpp"

#include <fairlead/ssh/connection.hpp>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <vector>

namespace fairlead::ssh {

// Lives as long as a handle, its reader or a pending socket operation. Everything runs on the socket's
// executor.
class ConnectionImpl : public std::enable_shared_from_this<ConnectionImpl> {
 public:
  using Socket = asio::generic::stream_protocol::socket;
  using Clock = Engine::Clock;

  ConnectionImpl(Socket socket, std::shared_ptr<const EngineConfig> config);
  ~ConnectionImpl();
  ConnectionImpl(const ConnectionImpl&) = delete;
  ConnectionImpl& operator=(const ConnectionImpl&) = delete;

  // --- life, in this order
  // The public handles; their streams get what arrives from now on. Once.
  [[nodiscard]] AcceptedConnection handles();
  // Drives the connection until `login` is done. Throws ConnectionError; the connection has ended then.
  [[nodiscard]] Task<> log_in(std::unique_ptr<Login> login, std::chrono::seconds deadline);
  // Starts the reader.
  void run();
  void keep_alive(std::chrono::seconds interval, unsigned count);
  // Ends the connection: everybody who waits on it is told, DISCONNECT is sent if there is somebody to hear
  // it, and the socket is closed when that is done. Idempotent.
  void end(Error why) noexcept;
  void disconnect(DisconnectReason reason, std::string_view text) noexcept;
  // end() without anything more being sent: its io_context dies, or there is no memory for a farewell.
  void abandon(Error why = {Errc::cancelled}) noexcept;
  // For handlers and destructors: what `work` throws ends this connection and no other (TH-7).
  template <class Work>
  void contain(Work work) noexcept {
    try {
      work();
    } catch (const std::exception&) {
      abandon({Errc::io_failed, "internal error"});
    }
  }

  // --- for the handles and Login
  [[nodiscard]] bool is_open() const noexcept { return !ended_; }
  // Only when ended.
  [[nodiscard]] const Error& why() const noexcept { return *ended_; }
  // The same, to be thrown.
  [[nodiscard]] ConnectionError ending() const { return ConnectionError(*ended_, farewell()); }
  [[nodiscard]] std::optional<Farewell> farewell() const {
    return farewell_ ? std::optional(*farewell_) : std::nullopt;
  }
  [[nodiscard]] Engine& engine() noexcept { return engine_; }
  [[nodiscard]] OutputGate& gate() noexcept { return gate_; }
  [[nodiscard]] asio::any_io_executor executor() { return socket_.get_executor(); }
  // After every call of the engine that may have queued something: sends it soon, together with what else
  // comes up until then.
  void flush_soon();
  // Room for bulk data in the engine's output.
  void prepare_output();
  [[nodiscard]] Task<std::expected<OpenedChannel, Refusal>> open_channel(std::string type,
                                                                         std::vector<std::byte> extra);
  // Confirms the peer's open; works after the end of the connection too.
  [[nodiscard]] static OpenedChannel accept_channel(const std::shared_ptr<ChannelCore>& core);
  [[nodiscard]] Task<Connection::GlobalReply> global_request(std::string name,
                                                             std::vector<std::byte> payload);
  [[nodiscard]] Task<Error> wait_ended();
  void forget(ChannelId id, const ChannelCore* core) noexcept;
  void reply_global(std::uint32_t ticket, bool success, Bytes payload);
  void global_answered() noexcept { --unanswered_; }
  void channel_decided() noexcept { --undecided_; }

  [[nodiscard]] std::uint64_t bytes_received() const noexcept { return received_; }
  [[nodiscard]] std::uint64_t bytes_sent() const noexcept { return sent_; }

 private:
  class Owner;
  static Task<> run_reader(Owner owner);
  // Until the end, or until the login is done when `logging_in`.
  Task<> receive(bool logging_in);
  Task<> wait_for_backlog();
  // Handles what is whole in `input`. An event that Login has to wait for ends it early.
  [[nodiscard]] std::optional<EngineEvent> dispatch(MutableBytes& input);
  void after_receiving(std::size_t size, Clock::time_point now);

  void on_event(event::ChannelOpen& event);
  void on_event(event::ChannelRequest& event);
  void on_event(event::GlobalRequest& event);
  void on_event(event::GlobalReply& event);
  void on_event(event::Writable& event);
  void on_event(const event::Disconnected& event);
  // False: for Login.
  [[nodiscard]] bool on_event(EngineEvent& event);
  [[nodiscard]] ChannelCore* find(ChannelId id) const noexcept;
  std::shared_ptr<ChannelCore> add_channel(ChannelId id, ChannelCore::Phase phase);
  static OpenedChannel public_channel(const std::shared_ptr<ChannelCore>& core, std::size_t most_requests);

  void post_flush(const std::shared_ptr<ConnectionImpl>& self);
  void flush();
  void count_sent(std::size_t size);
  void finish_everybody() noexcept;
  void await_close();
  void close_socket() noexcept;
  void set_deadline(Deadline which, Clock::time_point when);
  void run_timer();
  void on_timer();
  void on_due(Deadline which, Clock::time_point now);
  void ask_engine(Clock::time_point now);
  void check_lull(Clock::time_point now);
  void wake_reader();
  void send_keepalive(Clock::time_point now);

  Socket socket_;
  const std::shared_ptr<const EngineConfig> config_;
  Engine engine_;
  Inbox inbox_;
  BulkReceive bulk_;
  OutputGate gate_;
  asio::steady_timer timer_;
  Clock::time_point timer_expiry_ = Clock::time_point::max();
  Deadlines deadlines_;
  std::unique_ptr<Login> login_;
  std::optional<Error> ended_;
  std::unique_ptr<const Farewell> farewell_;  // idle connections have none to pay for

  std::vector<ChannelCore*> channels_;  // by our number
  std::weak_ptr<Queue<NewChannel>> new_channels_;
  std::weak_ptr<Queue<Request>> requests_;
  std::list<std::shared_ptr<PendingReply>> replies_;  // null: a keepalive of ours
  WaitList backlog_, reply_waiters_, end_waiters_;

  std::uint64_t received_ = 0, sent_ = 0;
  std::size_t unsent_mark_ = 0;  // output older than the last output_taken()
  Clock::time_point last_received_;
  std::chrono::seconds alive_interval_{0};
  unsigned alive_count_ = 0, alive_unanswered_ = 0;
  unsigned unanswered_ = 0;  // global requests that the application has and has not answered
  unsigned undecided_ = 0;   // channels that it has not decided about
  bool flushing_ = false;
  bool tcp_ = false;
  bool quick_ack_ = false;  // until the first channel opens
  bool link_ = false;
};

}  // namespace fairlead::ssh
