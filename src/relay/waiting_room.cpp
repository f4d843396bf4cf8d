// SPDX-License-Identifier: Apache-2.0
// Keeping what is asked for, and telling how far things are.
#include "relay/waiting_room.hpp"

#include "relay/limits.hpp"
#include "relay/progress_line.hpp"
#include "relay/refusal.hpp"

#include <boost/asio/steady_timer.hpp>

#include <string>
#include <utility>

namespace fairlead::relay {
namespace {

using ssh::Task;

// The newest report each time: what comes while the client does not read, or within the pause, is left out.
Task<> show_progress(std::shared_ptr<BoxGate> gate, ssh::Channel client, unsigned columns) {
  ssh::asio::steady_timer pause(co_await ssh::asio::this_coro::executor);
  ProgressLine line(columns);
  std::string text;
  try {
    while (!gate->decided()) {
      const auto seen = gate->changes();
      if (gate->progress()) text = line.draw(*gate->progress());
      if (!text.empty()) co_await client.write_stderr(ssh::as_bytes(text));
      text.clear();
      co_await gate->change(seen);
      if (gate->decided()) break;
      co_await pause.async_wait(ssh::asio::use_awaitable);
      pause.expires_after(limits::progress_pause);
    }
    text = line.wipe();
    co_await client.write_stderr(ssh::as_bytes(text));
  } catch (const ssh::ConnectionError&) {  // the client is gone
  }
}

class WaitingRoom {
 public:
  WaitingRoom(std::shared_ptr<BoxGate> gate, std::shared_ptr<const Policy> policy, ssh::OpenedChannel& client,
              const ssh::asio::any_io_executor& executor)
      : gate_(std::move(gate)), policy_(std::move(policy)), client_(client), showing_(executor) {}

  Task<Waited> run() {
    while (auto request = co_await client_.requests.next()) {
      if (starts_program(request->type()))
        while (!gate_->decided()) co_await gate_->change(gate_->changes());
      if (gate_->decided()) {
        waited_.asked.push_back(std::move(*request));
        co_await showing_.join();
        co_return std::move(waited_);
      }
      keep(std::move(*request));
    }
    waited_.left = true;
    co_return std::move(waited_);
  }

 private:
  // The relay asks the policy again, and tells what it decides; the answer is the same.
  void keep(ssh::Request request) {
    const auto size = request.name().size() + request.payload().size();
    if (waited_.asked.size() >= limits::kept_requests || size > limits::kept_bytes - bytes_) {
      request.reply(false);
      return;
    }
    const Question question{Side::client, Ask::channel_request, request.name(), request.payload(), 0};
    const bool terminal = request.type() == ssh::RequestType::pty_req;
    request.reply(allow(*policy_, question).allowed && (!terminal || grant_terminal(request)));
    bytes_ += size;
    waited_.asked.push_back(std::move(request));
  }

  // The first one that can be understood, as the agent will.
  bool grant_terminal(const ssh::Request& request) {
    const auto wish = request.parse<ssh::PtyRequest>();
    if (!wish || std::exchange(waited_.terminal, true)) return false;
    showing_.spawn(show_progress(gate_, client_.channel, wish->size.columns));
    return true;
  }

  std::shared_ptr<BoxGate> gate_;
  std::shared_ptr<const Policy> policy_;
  ssh::OpenedChannel& client_;
  ssh::TaskScope showing_;
  Waited waited_;
  std::size_t bytes_ = 0;
};

}  // namespace

Task<Waited> wait_for_box(std::shared_ptr<BoxGate> gate, std::shared_ptr<const Policy> policy,
                          ssh::OpenedChannel& client) {
  WaitingRoom room(std::move(gate), std::move(policy), client, co_await ssh::asio::this_coro::executor);
  co_return co_await room.run();
}

}  // namespace fairlead::relay
