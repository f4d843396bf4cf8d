// SPDX-License-Identifier: Apache-2.0
// The engine's server for the conformance tests: no containers, only commands whose outcome a test can
// predict.
//
//   cat              gives standard input back
//   check N          reads standard input to its end; then a line of facts (see facts()) and N bytes of the
//   pattern,
//                    "to standard error\n" on standard error, and status 7
//   exit N           ends with that status
//   signal NAME      ends with that signal
//   stream N         N bytes of the pattern
//   swallow          reads standard input to its end and says its SHA-256 in hexadecimal
//
// The pattern is the key stream of AES-128-CTR with a key and a counter of zeros. The subsystem sftp is the
// system's sftp-server. Prints "known KIND NAME,NAME…" lines, "port N", and then a line for each event.
#include "command.hpp"

#include <fairlead/ssh/algorithms.hpp>
#include <fairlead/ssh/server.hpp>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>

#include <fstream>
#include <iostream>

namespace {

namespace ssh = fairlead::ssh;
namespace asio = boost::asio;
using asio::ip::tcp;
using conformance::Facts;

struct Options {
  std::uint16_t port = 0;
  std::vector<std::string> host_keys;
  std::string authorized, password, sftp_server = "/usr/lib/openssh/sftp-server";
  ssh::ServerConfig config;
  std::int64_t rekey_seconds = ssh::limits::rekey_interval.count();
  std::int64_t login_seconds = ssh::limits::login_grace.count(), alive_seconds = 0;
};

// Whoever has one of the keys in a file of public keys, or knows the password.
class Logins final : public ssh::Authenticator {
 public:
  explicit Logins(const Options& options) : password_(options.password) {
    std::ifstream file(options.authorized);
    for (std::string line; std::getline(file, line);)
      keys_.push_back(ssh::PublicKey::from_text(line).value());
  }
  std::vector<std::string> methods() const override { return {"publickey", "password"}; }
  ssh::Task<ssh::Verdict> password(const ssh::AuthContext&, ssh::Bytes given) override {
    const bool right = !password_.empty() && ssh::as_text(given) == password_;
    co_return right ? ssh::Verdict::accepted : ssh::Verdict::refused;
  }
  ssh::Task<ssh::Verdict> public_key(const ssh::AuthContext&, const ssh::PublicKey& key, bool) override {
    const bool known = std::ranges::find(keys_, key) != keys_.end();
    co_return known ? ssh::Verdict::accepted : ssh::Verdict::refused;
  }

 private:
  std::string password_;
  std::vector<ssh::PublicKey> keys_;
};

ssh::Task<> run_session(ssh::NewChannel wanted, Facts facts, std::string sftp_server) {
  if (wanted.type() != "session") {
    std::move(wanted).reject(ssh::OpenFailure::unknown_channel_type, "only sessions here");
    co_return;
  }
  auto [channel, requests] = std::move(wanted).accept();
  ssh::TaskScope programs(co_await asio::this_coro::executor);
  bool started = false;
  while (auto request = co_await requests.next()) {
    if (request->type() == ssh::RequestType::env || request->type() == ssh::RequestType::pty_req)
      request->reply(true);
    if (started) continue;  // dropped, and so refused
    const auto exec = request->parse<ssh::ExecRequest>();
    if (request->type() == ssh::RequestType::exec && exec) {
      started = true;
      request->reply(true);
      programs.spawn(conformance::run_command(channel, exec->command, facts));
    } else if (request->type() == ssh::RequestType::subsystem) {
      started = true;
      request->reply(true);
      programs.spawn(conformance::run_program(channel, sftp_server));
    }
  }
  co_await programs.join();
}

void print_event(std::string_view event, std::string_view detail) {
  std::cout << event << ' ' << detail << std::endl;
}

ssh::Task<> serve(tcp::socket socket, std::shared_ptr<const ssh::ServerConfig> config,
                  std::string sftp_server) {
  try {
    auto client = co_await ssh::accept(std::move(socket), config);
    print_event("login", client.login.method);
    Facts facts{client.connection, client.login};
    ssh::TaskScope sessions(co_await asio::this_coro::executor);
    while (auto wanted = co_await client.channels.next())
      sessions.spawn(run_session(std::move(*wanted), facts, sftp_server));
    co_await sessions.join();
    const ssh::Error why = co_await client.connection.closed();
    print_event("closed", ssh::to_string(why));
  } catch (const ssh::ConnectionError& error) {
    print_event("failed", error.what());
  }
}

ssh::Task<> listen(tcp::acceptor acceptor, std::shared_ptr<const ssh::ServerConfig> config,
                   std::string sftp_server) {
  ssh::TaskScope connections(co_await asio::this_coro::executor);
  for (;;) {
    auto socket = co_await acceptor.async_accept(asio::use_awaitable);
    connections.spawn(serve(std::move(socket), config, sftp_server));
  }
}

void print_known() {
  const auto print = [](std::string_view kind, const std::vector<std::string_view>& names) {
    std::cout << "known " << kind << ' ';
    for (const auto name : names) std::cout << name << (name == names.back() ? "\n" : ",");
  };
  const ssh::KnownAlgorithms known = ssh::known_algorithms();
  print("kex", known.key_exchanges);
  print("key", known.host_keys);
  print("login", known.user_keys);
  print("cipher", known.ciphers);
  print("mac", known.macs);
}

Options parse(int count, char** arguments) {
  Options options;
  CLI::App app("The engine's server for the conformance tests");
  app.add_option("--port", options.port);
  app.add_option("--host-key", options.host_keys)->required();
  app.add_option("--authorized", options.authorized);
  app.add_option("--password", options.password);
  app.add_option("--sftp-server", options.sftp_server);
  app.add_option("--kex", options.config.key_exchanges)->delimiter(',');
  app.add_option("--ciphers", options.config.ciphers)->delimiter(',');
  app.add_option("--macs", options.config.macs)->delimiter(',');
  app.add_option("--rekey-bytes", options.config.rekey_bytes);
  app.add_option("--rekey-seconds", options.rekey_seconds);
  app.add_option("--login-seconds", options.login_seconds);
  app.add_option("--alive-seconds", options.alive_seconds);
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  options.config.rekey_interval = std::chrono::seconds(options.rekey_seconds);
  options.config.login_grace = std::chrono::seconds(options.login_seconds);
  options.config.alive_interval = std::chrono::seconds(options.alive_seconds);
  return options;
}

}  // namespace

int main(int count, char** arguments) try {
  const Options options = parse(count, arguments);
  std::vector<ssh::PrivateKey> keys;
  keys.reserve(options.host_keys.size());
  for (const auto& path : options.host_keys) keys.push_back(ssh::PrivateKey::load(path).value());
  auto config = std::make_shared<ssh::ServerConfig>(options.config);
  config->host_keys = ssh::local_host_keys(std::move(keys));
  config->authenticator = std::make_shared<Logins>(options);
  config->on_event = print_event;

  asio::io_context io{1};
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), options.port});
  print_known();
  std::cout << "port " << acceptor.local_endpoint().port() << std::endl;
  ssh::TaskScope listening(io.get_executor());
  listening.spawn(listen(std::move(acceptor), config, options.sftp_server));
  io.run();
} catch (const std::exception& error) {
  std::cerr << "conformance_server: " << error.what() << '\n';
  return 1;
}
