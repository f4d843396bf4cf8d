// SPDX-License-Identifier: Apache-2.0
// Start, reload and stop of the daemon.
#include "daemon/server.hpp"

#include "backend/docker/docker.hpp"
#include "backend/oci/oci.hpp"
#include "daemon/cores.hpp"
#include "daemon/health.hpp"
#include "daemon/listener.hpp"
#include "daemon/login.hpp"
#include "keeper/host_keys.hpp"
#include "keeper/local_keeper.hpp"
#include "observe/sinks.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include <sys/prctl.h>

#include <csignal>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

namespace fairlead::daemon {
namespace {

using ssh::Task;

// How long the last cleanups may take after every session was ended.
constexpr std::chrono::seconds cleanup_time{10};

// What stops the start; the sentence is for the operator.
struct StartError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void log_warnings(const Settings& settings, const observe::Log& log) {
  for (const std::string& warning : settings.config->deprecated)
    log.warning("CONFIG_AUTH_URL_DEPRECATED", warning);
  for (const std::string& warning : settings.config->warnings) log.warning("CORE_CONFIG_WARNING", warning);
  for (const std::string& warning : settings.warnings()) log.warning("AUTH_USERS_FILE", warning);
}

// TC-15: nobody else's debugger, and no core dump, sees keys and passwords. Programs that we start are not
// concerned: exec() takes it back.
void hide_memory(const config::Config& config) {
  if (!config.core_dumps) (void)::prctl(PR_SET_DUMPABLE, 0);
}

class Daemon {
 public:
  Daemon(std::shared_ptr<const Settings> settings, observe::Log log, ServeOptions options)
      : settings_(std::move(settings)),
        log_(std::move(log)),
        options_(std::move(options)),
        cores_(settings_.load()->config->threads,
               [this](const std::exception& failure) { log_.error("CORE_INTERNAL_ERROR", failure.what()); }) {
  }

  int run() {
    asio::co_spawn(cores_.first().io, live(), [this](std::exception_ptr failure) {
      if (failure) report(failure);
      cores_.stop();
    });
    cores_.start();
    cores_.run();
    return exit_code_;
  }

 private:
  void report(const std::exception_ptr& failure) {
    exit_code_ = 1;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      log_.write(observe::Level::crit, "SSH_START_FAILED", error.what());
      fmt::print(stderr, "fairlead: {}\n", error.what());
    }
  }

  Task<> live() {
    log_warnings(*settings(), log_);
    auto listener = Listener::open(settings()->config->ssh.listen, cores_, services_,
                                   [this] { return settings_.load(); });
    if (!listener) throw StartError(listener.error());
    open_health();
    start_keeper();
    const auto first = settings();
    co_await services_.backends.start(first->backends(), *first->config);
    ssh::TaskScope accepting(cores_.first().io.get_executor());
    accepting.spawn((*listener)->run());
    const std::string address = (*listener)->local_address();
    services_.backends.keep_ready(first->backends(), first->config);
    log_.notice("SSH_AVAILABLE", "Logins are served", {{"listen", address}});
    health_->set(true);
    if (options_.ready) options_.ready(address);
    ssh::TaskScope signals(cores_.first().io.get_executor());
    signals.spawn(watch_signals());
    while (stop_signals_ == 0) co_await signal_seen_.wait();
    services_.draining = true;
    health_->set(false);
    (*listener)->close();
    co_await accepting.join();
    co_await drain();
    co_await services_.backends.shut_down();
    log_.notice("SSH_STOPPED", "Stopped");
  }

  std::shared_ptr<const Settings> settings() const { return settings_.load(); }

  void open_health() {
    try {
      health_.emplace(cores_.first().io.get_executor(), settings()->config->health, log_);
    } catch (const std::runtime_error& error) {
      log_.write(observe::Level::crit, "HTTP_LISTEN_FAILED", error.what());
      throw StartError(error.what());
    }
  }

  void start_keeper() {
    const auto current = settings();
    auto keys = keeper::load_host_keys(current->config->ssh, config::state_directory(*current->config), log_);
    if (!keys) throw StartError(fmt::format("{}", fmt::join(keys.error(), "\n")));
    services_.keeper = std::make_shared<keeper::LocalKeeper>(
        std::move(*keys), current->config->auth, keeper::Providers(current->users, current->webhooks),
        log_.with({{"module", "auth"}}));
    const std::string used =
        config::state_directory(*current->config) + "/used-codes." + current->config->instance;
    if (const std::string problem = services_.keeper->keep_used_codes(used); !problem.empty())
      log_.error("AUTH_USED_CODES_UNREADABLE",
                 problem + " No one-time code is accepted until it is removed and the daemon started again.");
    auto certificates =
        keeper::load_host_certificates(current->config->ssh, services_.keeper->host_keys(), log_);
    if (!certificates) throw StartError(fmt::format("{}", fmt::join(certificates.error(), "\n")));
    services_.keeper->replace_host_certificates(std::move(*certificates));
  }

  // Reads signals for as long as the daemon lives, so that none comes while nobody waits.
  Task<> watch_signals() {
    for (;;) {
      const int signal = co_await signals_.async_wait(asio::use_awaitable);
      if (signal != SIGHUP)
        ++stop_signals_;
      else if (stop_signals_ == 0)
        co_await reload();
      signal_seen_.notify();
    }
  }

  void report_all(const config::Errors& errors) {
    for (const std::string& error : errors) log_.error("CORE_CONFIG_ERROR", error);
  }

  // All or nothing: with any error the old settings stay in force.
  Task<> reload() {
    log_.reopen();
    if (!options_.reload) co_return;
    auto fresh = options_.reload();
    if (!fresh) co_return report_all(fresh.error());
    auto certificates =
        keeper::load_host_certificates((*fresh)->config->ssh, services_.keeper->host_keys(), log_);
    if (!certificates) co_return report_all(certificates.error());
    try {
      co_await services_.backends.start((*fresh)->backends(), *(*fresh)->config);
      health_->reload((*fresh)->config->health);
    } catch (const std::exception& error) {
      log_.error("CORE_CONFIG_ERROR", error.what());
      co_return;
    }
    settings_.store(*fresh);
    services_.backends.keep_ready((*fresh)->backends(), (*fresh)->config);
    if (const auto level = observe::level_from((*fresh)->config->log.level)) log_.set_level(*level);
    services_.keeper->reload((*fresh)->config->auth, keeper::Providers((*fresh)->users, (*fresh)->webhooks));
    services_.keeper->replace_host_certificates(std::move(*certificates));
    log_warnings(**fresh, log_);
    log_.notice("CORE_CONFIG_RELOADED", "Configuration and users were read again");
  }

  // Sessions may end on their own until the grace period is over or a second signal comes; then all are
  // ended.
  Task<> drain() {
    if (cores_.load() > 0)
      log_.notice("SSH_DRAINING", "Waiting for running sessions",
                  {{"sessions", static_cast<std::int64_t>(cores_.load())}});
    co_await wait_until_idle(settings()->config->ssh.shutdown_grace, 1);
    for (const auto& core : cores_.all())
      asio::post(core->io, [core = core.get()] {
        for (ssh::Connection connection : core->connections)
          connection.disconnect(ssh::DisconnectReason::by_application, "The server is shutting down.");
      });
    co_await wait_until_idle(cleanup_time, std::numeric_limits<unsigned>::max());
  }

  // Until no login is left, the time is over, or more than `signals` stop signals have come.
  Task<> wait_until_idle(std::chrono::nanoseconds most, unsigned signals) {
    constexpr std::chrono::milliseconds look{20};
    asio::steady_timer timer(cores_.first().io);
    const auto end = std::chrono::steady_clock::now() + most;
    while (cores_.load() > 0 && stop_signals_ <= signals && std::chrono::steady_clock::now() < end) {
      timer.expires_after(look);
      co_await timer.async_wait(asio::use_awaitable);
    }
  }

  std::atomic<std::shared_ptr<const Settings>> settings_;
  observe::Log log_;
  ServeOptions options_;
  int exit_code_ = 0;
  // Destroyed from the bottom up: coroutines first, then what they use.
  LoginServices services_{log_};
  Cores cores_;
  std::optional<Health> health_;
  asio::signal_set signals_{cores_.first().io, SIGTERM, SIGINT, SIGHUP};
  ssh::Event signal_seen_{cores_.first().io.get_executor()};
  unsigned stop_signals_ = 0;
};

}  // namespace

int serve(std::shared_ptr<const Settings> settings, const observe::Log& log, ServeOptions options) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed log pipe or socket is an error value, not the end of the daemon
  hide_memory(*settings->config);
  Daemon daemon(std::move(settings), log, std::move(options));
  return daemon.run();
}

}  // namespace fairlead::daemon
