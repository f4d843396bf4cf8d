// SPDX-License-Identifier: Apache-2.0
// Sentences on their way to the sessions of one connection: one coroutine writes for each session that has
// some.
#include "relay/notices.hpp"

#include <cstddef>
#include <utility>

namespace fairlead::relay {
namespace {

// Whole lines for one session whose client does not read: a person who comes back wants no more of them.
constexpr std::size_t most_waiting = 8;

// The line stays in front while it is being written: there is one writer for each session.
ssh::Task<> write_waiting(std::shared_ptr<Notices::Listener> listener) {
  try {
    while (!listener->waiting.empty()) {
      co_await listener->channel.write_stderr(ssh::as_bytes(listener->waiting.front()));
      listener->waiting.pop_front();
    }
  } catch (const ssh::ConnectionError&) {  // it has ended
    listener->waiting.clear();
  }
}

std::string line_for(const Notices::Listener& listener, std::string_view sentence) {
  // A terminal's cursor may be anywhere, and in raw mode a line feed alone does not take it back.
  const std::string_view before = listener.terminal ? "\r\n" : "", after = listener.terminal ? "\r\n" : "\n";
  std::string line(before);
  line.append("fairlead: ").append(sentence).append(after);
  return line;
}

}  // namespace

Notices::Notices(ssh::Connection client) : client_(std::move(client)), writing_(client_.executor()) {}

std::shared_ptr<Notices::Listener> Notices::add(ssh::Channel session) {
  std::erase_if(listeners_, [](const auto& listener) { return listener.expired(); });
  auto listener = std::make_shared<Listener>(Listener{std::move(session)});
  listeners_.push_back(listener);
  return listener;
}

void Notices::say(To whom, std::string_view sentence) {
  for (const auto& known : listeners_) {
    auto listener = known.lock();
    if (!listener || (whom == To::terminals && !listener->terminal)) continue;
    if (listener->waiting.size() == most_waiting) continue;
    listener->waiting.push_back(line_for(*listener, sentence));
    if (listener->waiting.size() > 1) continue;  // somebody is writing
    writing_.spawn(write_waiting(std::move(listener)));
  }
}

ssh::Task<> Notices::heard() {
  co_await writing_.join();
  try {
    (void)co_await client_.request("keepalive@openssh.com");
  } catch (const ssh::ConnectionError&) {  // nobody hears any more
  }
}

}  // namespace fairlead::relay
