// SPDX-License-Identifier: Apache-2.0
// Kept connections: the newest is taken first, so that a calm pool shrinks to one.
#include "http/pool.hpp"

#include <boost/asio/execution/context.hpp>

namespace fairlead::http {

ssh::asio::execution_context::id Pool::id;

Pool& Pool::of(const ssh::asio::any_io_executor& executor) {
  return ssh::asio::use_service<Pool>(ssh::asio::query(executor, ssh::asio::execution::context));
}

std::unique_ptr<Transport> Pool::take(const std::string& server) {
  drop_old();
  const auto found = idle_.find(server);
  if (found == idle_.end()) return nullptr;
  auto& kept = found->second;
  while (!kept.empty()) {
    auto transport = std::move(kept.back().transport);
    kept.pop_back();
    if (transport->is_quiet()) return transport;
  }
  idle_.erase(found);
  return nullptr;
}

void Pool::give_back(const std::string& server, std::unique_ptr<Transport> transport) {
  drop_old();
  auto& kept = idle_[server];
  if (kept.size() < limits::idle_connections) {
    transport->expires_at(TimePoint::max());
    kept.push_back(Idle{std::move(transport), std::chrono::steady_clock::now()});
  }
}

void Pool::drop_old() {
  const auto oldest = std::chrono::steady_clock::now() - limits::idle_time;
  for (auto& [server, kept] : idle_)
    std::erase_if(kept, [&](const Idle& idle) { return idle.since < oldest; });
  std::erase_if(idle_, [](const auto& entry) { return entry.second.empty(); });
}

}  // namespace fairlead::http
