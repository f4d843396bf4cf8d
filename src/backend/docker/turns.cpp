// SPDX-License-Identifier: Apache-2.0
// Lines of coroutines that live on different threads.
#include "backend/docker/turns.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace fairlead::docker {

ssh::Task<Turns::Turn> Turns::take(std::string name) {
  const auto executor = co_await ssh::asio::this_coro::executor;
  const auto waiting = std::make_shared<Waiting>(executor);
  {
    const std::lock_guard lock(mutex_);
    const auto [line, fresh] = lines_.try_emplace(name);
    if (fresh)
      waiting->granted = true;
    else
      line->second.push_back(waiting);
  }
  while (!waiting->granted) co_await waiting->event.wait();
  co_return Turn(*this, std::move(name));
}

void Turns::pass(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto line = lines_.find(name);
  if (line->second.empty()) {
    lines_.erase(line);
    return;
  }
  const auto next = std::move(line->second.front());
  line->second.pop_front();
  ssh::asio::post(next->executor, [next] {
    next->granted = true;
    next->event.notify();
  });
}

}  // namespace fairlead::docker
