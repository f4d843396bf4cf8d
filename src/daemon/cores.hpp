// SPDX-License-Identifier: Apache-2.0
// The threads of the daemon: one event loop per core; a connection lives on one of them from accept to end
// (design D4).
#pragma once

#include <fairlead/ssh/async.hpp>
#include <fairlead/ssh/connection.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace fairlead::daemon {

namespace asio = ssh::asio;

struct Core {
  asio::io_context io{1};
  // Below: only on this core's thread.
  ssh::TaskScope logins{io.get_executor()};
  std::list<ssh::Connection> connections;
  // From socket to the last cleanup; read by the listener to find the least loaded core.
  std::atomic<std::size_t> load{0};
};

class Cores {
 public:
  // What a handler throws has ended its own connection and must not end the others (TH-7): `on_failure` is
  // told, on the core's thread, and the loop goes on.
  using OnFailure = std::function<void(const std::exception&)>;

  Cores(unsigned count, OnFailure on_failure);
  ~Cores();  // stop()

  [[nodiscard]] Core& first() { return *cores_.front(); }
  [[nodiscard]] Core& least_loaded();
  [[nodiscard]] const std::vector<std::unique_ptr<Core>>& all() const { return cores_; }
  [[nodiscard]] std::size_t load() const;  // connections on all cores

  // Starts the threads of every core but the first, which belongs to the caller's run().
  void start();
  // Runs the first core on this thread until stop().
  void run();
  // Ends every loop. Coroutines that still wait are destroyed on the thread that destroys the cores.
  void stop();

 private:
  void run_loop(Core& core);
  [[nodiscard]] bool run_until_failure(asio::io_context& io);

  OnFailure on_failure_;
  std::vector<std::unique_ptr<Core>> cores_;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> work_;
  std::vector<std::thread> threads_;
};

}  // namespace fairlead::daemon
