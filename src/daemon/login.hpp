// SPDX-License-Identifier: Apache-2.0
// One connection from its socket to its end: handshake, login, box, relay, cleanup. Nothing that happens in
// it leaves it.
#pragma once

#include "backend/backend.hpp"
#include "daemon/backends.hpp"
#include "daemon/cores.hpp"
#include "daemon/settings.hpp"
#include "daemon/sources.hpp"
#include "keeper/local_keeper.hpp"
#include "observe/log.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <memory>
#include <string>

namespace fairlead::daemon {

// What every login of one daemon shares. Thread-safe; outlives the logins.
struct LoginServices {
  explicit LoginServices(const observe::Log& sink) : backends(sink), log(sink) {}

  Backends backends;
  std::shared_ptr<keeper::LocalKeeper> keeper;
  std::atomic<bool> draining{false};
  Sources sources;
  std::shared_ptr<backend::BoxPlaces> places = std::make_shared<backend::BoxPlaces>();
  observe::Log log;
};

// A connection that the listener lets in.
struct Arrival {
  asio::ip::tcp::socket socket;
  Sources::Visit visit;
};

// Never throws. Runs on `core`.
[[nodiscard]] ssh::Task<> serve_login(Core& core, Arrival arrival, LoginServices& services,
                                      std::shared_ptr<const Settings> settings);

}  // namespace fairlead::daemon
