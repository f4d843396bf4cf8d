// SPDX-License-Identifier: Apache-2.0
// What the handles of one channel share with their connection.
#pragma once

#include "protocol/engine.hpp"
#include "ssh/inbound.hpp"
#include "ssh/wait_list.hpp"

#include <fairlead/ssh/connection.hpp>

#include <list>
#include <memory>
#include <optional>
#include <string>

namespace fairlead::ssh {

// A request of ours that waits for its answer.
struct PendingReply {
  bool answered = false;
  bool success = false;
  std::vector<std::byte> payload;
};

// Owned by the handles; the connection only knows where it is. The last handle closes the channel.
class ChannelCore : public std::enable_shared_from_this<ChannelCore> {
 public:
  enum class Phase : std::uint8_t {
    opening,    // we asked, the peer has not answered
    undecided,  // the peer asked, we have not answered
    open,
    over,  // both sides have closed, or the connection has ended: `connection` is null
  };

  ChannelCore(ConnectionImpl& owner, asio::any_io_executor runs_on, ChannelId number, Phase state);
  ChannelCore(const ChannelCore&) = delete;
  ChannelCore& operator=(const ChannelCore&) = delete;
  ~ChannelCore();

  // --- for Channel
  [[nodiscard]] Task<Chunk> read(MutableBytes buffer);
  [[nodiscard]] Task<std::size_t> read_standard(MutableBytes buffer);
  [[nodiscard]] Task<View> view();
  void consume(std::size_t size);
  [[nodiscard]] Task<> write(StreamType type, Bytes data);
  // Waits for its turn and takes it: one quantum, and not more than `most`, as far as the window allows.
  [[nodiscard]] Task<std::size_t> write_turn(StreamType type, const Channel::Fill& fill, std::size_t most);
  void close_write();
  void close_read();
  void close();
  [[nodiscard]] Task<bool> request(std::string name, std::vector<std::byte> payload);
  void notify(std::string_view name, Bytes payload);
  [[nodiscard]] Task<bool> wait_closed();

  // --- for Request and NewChannel
  void reply(std::uint32_t ticket, bool success);
  void request_answered() noexcept { --unanswered; }
  void confirm();
  void refuse(OpenFailure reason, std::string_view text);

  // --- for ConnectionImpl
  void on_confirmed();
  void on_refused(Refusal why);
  void on_data(DataType type, Bytes data);
  void on_writable() { writers_.wake_all(); }
  void on_reply(bool success);
  void on_eof();
  void on_closed();
  // No message will come or go any more; everybody who waits is told.
  void finish();
  // Until the peer has decided about our open.
  [[nodiscard]] Task<> wait_opened();

  ConnectionImpl* connection;
  asio::any_io_executor executor;
  ChannelId id;
  Phase phase;
  std::optional<Refusal> refusal;  // the peer's answer to our open, if it was no
  // The application's end is the owner: dropping it refuses what is still in it.
  std::weak_ptr<Queue<Request>> requests;
  unsigned unanswered = 0;  // requests that the application has and has not answered

 private:
  [[nodiscard]] bool at_end() const noexcept { return eof_ || phase == Phase::over; }
  [[nodiscard]] bool may_write() const noexcept {
    return connection && phase == Phase::open && !write_closed_;
  }
  void give_credit(std::size_t size);
  std::size_t send(StreamType type, const Channel::Fill& fill, std::size_t most);

  Inbound inbound_;
  WaitList readers_, writers_, others_;
  std::list<std::shared_ptr<PendingReply>> replies_;
  bool eof_ = false;
  bool write_closed_ = false;
  bool read_closed_ = false;
  bool closed_by_peer_ = false;
  bool closed_here_ = false;
};

// Made by ConnectionImpl, which alone may name it.
struct Channel::State final : ChannelCore {
  using ChannelCore::ChannelCore;
};

}  // namespace fairlead::ssh
