// SPDX-License-Identifier: Apache-2.0
// The life of a connection, in the order in which it happens.
#include "daemon/login.hpp"

#include "crypto/random.hpp"
#include "daemon/hangup.hpp"
#include "daemon/login_terms.hpp"
#include "daemon/relay_log.hpp"
#include "daemon/time_limits.hpp"
#include "keeper/adapters.hpp"
#include "relay/make_policy.hpp"
#include "relay/relay.hpp"
#include "ssh/interruptible.hpp"

#include <optional>
#include <utility>

namespace fairlead::daemon {
namespace {

using asio::ip::tcp;
using ssh::Task;

// Counts one thing for as long as it lives.
class Counted {
 public:
  explicit Counted(std::atomic<std::size_t>& counter) : counter_(&counter) { ++*counter_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --*counter_; }

 private:
  std::atomic<std::size_t>* counter_;
};

// While it lives, the daemon can end this connection when it stops.
class Registered {
 public:
  Registered(Core& core, ssh::Connection connection)
      : core_(core), place_(core.connections.insert(core.connections.end(), std::move(connection))) {}
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;
  ~Registered() { core_.connections.erase(place_); }

 private:
  Core& core_;
  std::list<ssh::Connection>::iterator place_;
};

struct Addresses {
  tcp::endpoint remote, local;
};

backend::Login make_login(const std::string& id, const Addresses& addresses, const ssh::LoginInfo& who,
                          const Settings& settings, const observe::Log& log) {
  backend::Login login;
  login.connection_id = id;
  login.user = who.user;
  login.remote_address = addresses.remote.address().to_string();
  login.remote_port = addresses.remote.port();
  login.local_address = addresses.local.address().to_string();
  login.local_port = addresses.local.port();
  login.config = settings.config_for(who.user);
  login.log = log;
  return login;
}

// Runs beside the relay: the box starts while the client takes its next step.
Task<> launch(LoginServices& services, backend::Login login, std::shared_ptr<relay::BoxGate> gate) {
  const observe::Log log = login.log;
  const std::string name = login.config->backend;
  try {
    backend::Backend* const backend = co_await services.backends.get(login.config);
    std::shared_ptr<backend::Box> box = co_await backend->launch(std::move(login));
    log.info("BACKEND_BOX_STARTED", "A box was started for this login",
             {{"backend", name}, {"box", box->id()}});
    gate->open(std::move(box));
  } catch (const backend::BackendError& error) {
    log.error("SSH_BACKEND_REJECTED_HANDSHAKE", error.what(), {{"backend", name}});
    gate->fail(error.user_text());
  } catch (const std::exception& error) {
    log.error("SSH_BACKEND_REJECTED_HANDSHAKE", error.what(), {{"backend", name}});
    gate->fail(backend::not_now);
  }
}

Task<> remove_box(std::shared_ptr<relay::BoxGate> gate, const observe::Log& log) {
  auto box = co_await gate->pass();  // a box that is still being made is waited for: it has to go, too
  if (!box) co_return;
  try {
    co_await (*box)->remove();
    log.info("BACKEND_BOX_REMOVED", "The box of this login was removed", {{"box", (*box)->id()}});
  } catch (const std::exception& error) {
    log.error("BACKEND_BOX_REMOVE_FAILED", error.what(), {{"box", (*box)->id()}});
  }
}

std::shared_ptr<ssh::ServerConfig> server_config(const ssh::ServerConfig& base, const LoginServices& services,
                                                 std::shared_ptr<ssh::Authenticator> authenticator,
                                                 const observe::Log& log) {
  auto config = std::make_shared<ssh::ServerConfig>(base);
  config->host_keys = keeper::host_key_signer(services.keeper);
  config->authenticator = std::move(authenticator);
  config->on_event = [log](std::string_view event, std::string_view detail) {
    log_engine_event(log, event, detail);
  };
  return config;
}

// How accept() failed, for the source's account. Those who name nobody and leave are not those who guess, and
// those who wait for somebody who cannot be asked are neither.
Ending ending_of(const ssh::Error& error, const keeper::LoginAuthenticator& authenticator) {
  using ssh::Errc;
  const bool guessed = authenticator.refused_somebody();
  const bool waited = !guessed && authenticator.met_outage();
  switch (error.code) {
    case Errc::timeout:
      return waited ? Ending::unavailable : Ending::grace_exceeded;
    case Errc::bad_identification:
    case Errc::bad_packet:
    case Errc::packet_too_big:
    case Errc::mac_failed:
    case Errc::bad_message:
    case Errc::unexpected_message:
    case Errc::key_exchange_failed:
    case Errc::output_overflow:
      return Ending::protocol_error;
    default:
      if (waited) return Ending::unavailable;
      return guessed ? Ending::auth_failed : Ending::no_attempt;
  }
}

// What its client said at the end, if anything.
std::vector<observe::Label> labels_of(const std::optional<ssh::Farewell>& farewell) {
  if (!farewell) return {};
  return {{"disconnectReason", static_cast<std::int64_t>(farewell->reason)},
          {"disconnectText", farewell->text}};
}

void end_visit(Sources::Visit& visit, Ending ending, const observe::Log& log) {
  const auto wait = visit.end(ending, Sources::Clock::now());
  if (!wait) return;
  log.warning("SSH_SOURCE_PENALTY", "This source is turned away for a while",
              {{"seconds", std::chrono::ceil<std::chrono::seconds>(*wait).count()}});
}

// Both own what they touch: they may outlive the frame that has spawned them by a moment.
using Asking = std::shared_ptr<ssh::Interruptible>;

Task<> interrupt_at_hangup(Asking asking, Hangup hangup) {
  co_await hangup.happened();
  asking->interrupt();
}

Task<> interrupt_at_end(Asking asking, ssh::Connection connection) {
  (void)co_await connection.closed();
  asking->interrupt();
}

// co_spawn() wants a result that can be empty.
using Accepted = std::optional<ssh::AcceptedServerConnection>;

Task<Accepted> accept_into(asio::ip::tcp::socket socket, std::shared_ptr<ssh::ServerConfig> config) {
  co_return co_await ssh::accept(std::move(socket), std::move(config));
}

// A client that leaves takes the questions to webhooks with it.
Task<ssh::AcceptedServerConnection> accept_attended(asio::ip::tcp::socket socket,
                                                    std::shared_ptr<ssh::ServerConfig> config) {
  const auto asking = std::make_shared<ssh::Interruptible>();
  ssh::TaskScope watching(socket.get_executor());
  watching.spawn(interrupt_at_hangup(asking, Hangup(socket)));
  auto accepting = accept_into(std::move(socket), std::move(config));
  Accepted accepted = co_await asking->run(std::move(accepting));
  co_return std::move(*accepted);
}

Task<ssh::AcceptedServerConnection> accept_login(Task<ssh::AcceptedServerConnection> accepting,
                                                 Sources::Visit visit,
                                                 const keeper::LoginAuthenticator& authenticator,
                                                 const observe::Log& log) {
  try {
    auto client = co_await std::move(accepting);
    end_visit(visit, Ending::logged_in, log);
    co_return client;
  } catch (const ssh::ConnectionError& error) {
    end_visit(visit, ending_of(error.error(), authenticator), log);
    throw;
  }
}

// What the configuration webhook says, while the client stays. The result is empty, or the sentence with
// which the login's channels are refused.
Task<std::string> settle_login(const Settings& settings, backend::Login& login, ssh::Connection connection) {
  if (!settings.config_server) co_return "";
  const auto asking = std::make_shared<ssh::Interruptible>();
  ssh::TaskScope watching(connection.executor());
  watching.spawn(interrupt_at_end(asking, connection));
  auto settling = settle_terms(settings, login, std::string(connection.peer_identification()));
  std::string sentence, reason = "the client has left";
  try {
    co_await asking->run(std::move(settling));
    co_return "";
  } catch (const backend::BackendError& error) {
    sentence = error.user_text();
    reason = error.what();
  } catch (const std::exception& error) {
    sentence = backend::not_now;
    if (connection.is_open()) reason = error.what();
  }
  const auto level = connection.is_open() ? observe::Level::error : observe::Level::info;
  if (login.log.enabled(level))
    login.log.write(level, "SSH_BACKEND_REJECTED_HANDSHAKE", reason, {{"backend", login.config->backend}});
  co_return sentence;
}

Task<> serve(Core& core, Arrival arrival, LoginServices& services, std::shared_ptr<const Settings> settings,
             observe::Log log, std::string id, Addresses addresses) {
  auto authenticator = std::make_shared<keeper::LoginAuthenticator>(services.keeper, id, log);
  auto config = server_config(settings->server, services, authenticator, log);
  auto accepting = settings->asks_webhooks() ? accept_attended(std::move(arrival.socket), std::move(config))
                                             : ssh::accept(std::move(arrival.socket), std::move(config));
  ssh::AcceptedServerConnection client =
      co_await accept_login(std::move(accepting), std::move(arrival.visit), *authenticator, log);
  log = log.with({{"username", client.login.user}});
  log.debug("SSH_HANDSHAKE_SUCCESSFUL", "Login complete", {{"algorithms", client.connection.negotiated()}});

  const ssh::Connection connection = client.connection;
  const Registered registered(core, connection);
  auto gate = std::make_shared<relay::BoxGate>(core.io.get_executor());
  ssh::TaskScope launching(core.io.get_executor());
  backend::Login login = make_login(id, addresses, client.login, *settings, log);
  login.environment = authenticator->permissions().environment;
  login.metadata = authenticator->metadata();
  // Not the gate itself: it holds the box, which may keep the login.
  login.progress = [waiting = std::weak_ptr(gate)](const backend::Progress& progress) {
    if (const auto open = waiting.lock()) open->report(progress);
  };
  login.places = services.places;
  const std::string obstacle = co_await settle_login(*settings, login, connection);
  heed_log_level(*settings, login);
  relay::Policy policy = relay::make_policy(login.config->security, authenticator->permissions());
  TimeLimits limits{connection, gate, login.config->quota, login.log};
  if (obstacle.empty())
    launching.spawn(launch(services, std::move(login), gate));
  else
    gate->fail(obstacle);

  relay::RelayOptions options{.policy = std::move(policy),
                              .observer = relay_log(log),
                              .draining = [&services] { return services.draining.load(); },
                              .notices = limits.notices,
                              .activity = limits.activity};
  ssh::TaskScope timing(core.io.get_executor());
  timing.spawn(hold_to(std::move(limits)));
  std::exception_ptr failure;
  try {
    co_await relay::relay(std::move(client), gate, std::move(options));
  } catch (...) {
    failure = std::current_exception();
  }
  timing.cancel();
  co_await remove_box(gate, log);
  co_await launching.join();
  if (failure) std::rethrow_exception(failure);
  std::vector<observe::Label> labels = labels_of(connection.farewell());
  labels.push_back({"bytesReceived", static_cast<std::int64_t>(connection.bytes_received())});
  labels.push_back({"bytesSent", static_cast<std::int64_t>(connection.bytes_sent())});
  log.info("SSH_DISCONNECTED", "The connection ended", std::move(labels));
}

}  // namespace

Task<> serve_login(Core& core, Arrival arrival, LoginServices& services,
                   std::shared_ptr<const Settings> settings) {
  const Counted loaded(core.load);
  boost::system::error_code gone;
  Addresses addresses{arrival.socket.remote_endpoint(gone), {}};
  if (!gone) addresses.local = arrival.socket.local_endpoint(gone);
  if (gone) co_return;  // the peer left between accept() and now
  // 32 digits, as ContainerSSH writes its connection ids (core.md 1.3).
  std::string id = ssh::random_hex(16);
  const observe::Log log =
      services.log.with({{"module", "ssh"},
                         {"connectionId", id},
                         {"remoteAddr", addresses.remote.address().to_string()},
                         {"remotePort", static_cast<std::int64_t>(addresses.remote.port())}});
  log.debug("SSH_CONNECTED", "A client connected");
  try {
    co_await serve(core, std::move(arrival), services, std::move(settings), log, std::move(id), addresses);
  } catch (const ssh::ConnectionError& error) {
    log.info("SSH_HANDSHAKE_FAILED", error.what(), labels_of(error.farewell()));
  } catch (const std::exception& error) {
    log.error("SSH_CONNECTION_FAILED", error.what());
  }
}

}  // namespace fairlead::daemon
