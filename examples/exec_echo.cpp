// SPDX-License-Identifier: Apache-2.0
// An SSH server in one file: exec answers with its own command line, shell with a greeting. Anybody may log
// in.
#include <fairlead/ssh/server.hpp>

#include <boost/asio/io_context.hpp>

#include <iostream>

namespace ssh = fairlead::ssh;
namespace asio = boost::asio;
using asio::ip::tcp;

ssh::Task<> run_program(ssh::Channel channel, std::string output) {
  output += "\r\n";
  co_await channel.write(ssh::as_bytes(output));
  channel.send_exit_status(0);
  channel.close();
}

ssh::Task<> handle_session(ssh::NewChannel wanted) {
  if (wanted.type() != "session") {
    std::move(wanted).reject(ssh::OpenFailure::unknown_channel_type, "only sessions here");
    co_return;
  }
  auto [channel, requests] = std::move(wanted).accept();
  ssh::TaskScope programs(co_await asio::this_coro::executor);
  bool started = false;
  while (auto request = co_await requests.next()) {
    const bool starts =
        request->type() == ssh::RequestType::exec || request->type() == ssh::RequestType::shell;
    if (!starts || started) continue;  // dropped, and so refused
    const auto exec = request->parse<ssh::ExecRequest>();
    request->reply(true);
    started = true;
    programs.spawn(run_program(channel, exec ? exec->command : "Hello. Try: ssh host some words"));
  }
}

ssh::Task<> serve(tcp::socket socket, std::shared_ptr<const ssh::ServerConfig> config) {
  try {
    auto client = co_await ssh::accept(std::move(socket), config);
    ssh::TaskScope sessions(co_await asio::this_coro::executor);
    while (auto wanted = co_await client.channels.next()) sessions.spawn(handle_session(std::move(*wanted)));
    co_await sessions.join();
  } catch (const ssh::ConnectionError& error) {
    std::cerr << "login failed: " << error.what() << '\n';
  }
}

ssh::Task<> listen(tcp::acceptor acceptor, std::shared_ptr<const ssh::ServerConfig> config) {
  ssh::TaskScope connections(co_await asio::this_coro::executor);
  for (;;) {
    auto socket = co_await acceptor.async_accept(asio::use_awaitable);
    connections.spawn(serve(std::move(socket), config));
  }
}

int main(int count, char** arguments) {
  const auto port = static_cast<std::uint16_t>(count > 1 ? std::stoi(arguments[1]) : 2222);
  const auto host_key = ssh::PrivateKey::generate(ssh::PrivateKey::Type::ed25519).value();

  auto config = std::make_shared<ssh::ServerConfig>();
  config->host_keys = ssh::local_host_keys({host_key});  // and no authenticator: everybody is admitted
  asio::io_context io{1};
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), port});
  std::cout << "port " << acceptor.local_endpoint().port() << ", host key "
            << host_key.public_key().fingerprint() << std::endl;
  ssh::TaskScope listening(io.get_executor());
  listening.spawn(listen(std::move(acceptor), config));
  io.run();
}
