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
#include "options.hpp"

#include <fairlead/ssh/algorithms.hpp>
#include <fairlead/ssh/server.hpp>

#include <boost/asio/io_context.hpp>

#include <iostream>

namespace {

namespace ssh = fairlead::ssh;
namespace asio = boost::asio;
using asio::ip::tcp;
using conformance::Facts;

struct Options {
  std::uint16_t port = 0;
  std::vector<std::string> host_keys, host_certificates, methods{"publickey", "password"};
  std::string authorized, authorities, password, code, sftp_server = "/usr/lib/openssh/sftp-server";
  ssh::ServerConfig config;
};

// Whoever has one of the keys in a file of public keys, has a certificate of a CA in another such file that
// names them, or knows the password; in a dialogue also the code, if there is one.
class Logins final : public ssh::Authenticator {
 public:
  explicit Logins(const Options& options)
      : methods_(options.methods),
        password_(options.password),
        code_(options.code),
        keys_(conformance::load_public_keys(options.authorized)),
        authorities_(conformance::load_public_keys(options.authorities)) {}
  std::vector<std::string> methods() const override { return methods_; }
  ssh::Task<ssh::Verdict> password(const ssh::AuthContext&, ssh::Bytes given) override {
    co_return verdict(!password_.empty() && ssh::as_text(given) == password_);
  }
  ssh::Task<ssh::Verdict> public_key(const ssh::AuthContext&, const ssh::PublicKey& key, bool) override {
    co_return verdict(has(keys_, key));
  }
  ssh::Task<ssh::Verdict> certificate(const ssh::AuthContext& context, const ssh::Certificate& shown,
                                      const ssh::CertificateProof&) override {
    const auto& names = shown.principals();
    co_return verdict(has(authorities_, shown.authority()) && has(names, context.user));
  }
  ssh::Task<ssh::Verdict> keyboard_interactive(const ssh::AuthContext&, ssh::Prompter& prompter) override {
    const bool password_right = co_await ask(prompter, ssh::Prompt("Password: "), password_);
    if (code_.empty()) co_return verdict(password_right);
    const bool code_right = co_await ask(prompter, ssh::Prompt("Code: ", true), code_);
    co_return verdict(password_right && code_right);
  }

 private:
  static ssh::Verdict verdict(bool right) { return right ? ssh::Verdict::accepted : ssh::Verdict::refused; }
  static bool has(const auto& all, const auto& one) { return std::ranges::find(all, one) != all.end(); }
  static ssh::Task<bool> ask(ssh::Prompter& prompter, ssh::Prompt prompt, std::string right) {
    ssh::PromptRound round(std::vector{std::move(prompt)}, "Who is there?");
    const auto answers = co_await prompter.ask(std::move(round));
    co_return !right.empty() && ssh::as_text(answers.front()) == right;
  }

  std::vector<std::string> methods_;
  std::string password_, code_;
  std::vector<ssh::PublicKey> keys_, authorities_;
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
  app.add_option("--host-certificate", options.host_certificates);
  app.add_option("--methods", options.methods)->delimiter(',');
  app.add_option("--authorized", options.authorized);
  app.add_option("--authorities", options.authorities);
  app.add_option("--password", options.password);
  app.add_option("--code", options.code);
  app.add_option("--sftp-server", options.sftp_server);
  conformance::add_seconds(app, "--alive-seconds", options.config.alive_interval);
  conformance::add_engine_options(app, options.config, options.config.login_grace);
  conformance::parse_or_exit(app, count, arguments);
  return options;
}

}  // namespace

int main(int count, char** arguments) try {
  const Options options = parse(count, arguments);
  auto config = std::make_shared<ssh::ServerConfig>(options.config);
  config->host_keys =
      ssh::local_host_keys(conformance::load_all<ssh::PrivateKey>(options.host_keys),
                           conformance::load_all<ssh::Certificate>(options.host_certificates));
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
