// SPDX-License-Identifier: Apache-2.0
// The tutorial's server (docs/tutorial.md): a Docker container per session. first_ssh_server [image [port]]
#include "docker_client.hpp"

#include <fairlead/ssh/server.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <iostream>

namespace asio = boost::asio;
namespace ssh = fairlead::ssh;
using asio::ip::tcp, ssh::RequestType, ssh::Task;
using Config = std::shared_ptr<const ssh::ServerConfig>;

void report(const std::exception_ptr& failure) try {
  std::rethrow_exception(failure);
} catch (const std::exception& error) {
  std::cerr << error.what() << std::endl;
}

// What the client says before (and, for its size, after) the program starts. False: not understood.
bool note_request(const ssh::Request& request, docker::ContainerSpec& spec) {
  if (request.type() == RequestType::env) {
    const auto env = request.parse<ssh::EnvRequest>();
    return env && spec.set_env(env->name, env->value);
  }
  if (request.type() == RequestType::pty_req) {
    const auto pty = request.parse<ssh::PtyRequest>();
    return pty && spec.set_terminal(pty->term, pty->size);
  }
  if (request.type() == RequestType::window_change) {
    const auto change = request.parse<ssh::WindowChangeRequest>();
    return change && spec.set_size(change->size);
  }
  if (request.type() == RequestType::exec) {
    const auto exec = request.parse<ssh::ExecRequest>();
    return exec && spec.set_command({"/bin/sh", "-c", exec->command});
  }
  return request.type() == RequestType::shell;
}

Task<> run_container(ssh::Channel channel, docker::Container container) {
  ssh::TaskScope input(co_await asio::this_coro::executor);
  input.spawn(ssh::copy(channel, container.input()));
  co_await container.pump_output(channel);
  channel.close_write();
  channel.send_exit_status(co_await container.wait());
  channel.close();
}

Task<> handle_channel(ssh::NewChannel new_channel, std::string image) {
  if (new_channel.type() != "session") {
    const auto text = "unknown channel type: " + std::string(new_channel.type());
    co_return std::move(new_channel).reject(ssh::OpenFailure::unknown_channel_type, text);
  }
  auto [channel, requests] = std::move(new_channel).accept();
  docker::ContainerSpec spec(image);
  docker::Container container;
  ssh::TaskScope programs(co_await asio::this_coro::executor, report);
  while (auto request = co_await requests.next()) {
    const bool starts = request->type() == RequestType::shell || request->type() == RequestType::exec;
    bool success = note_request(*request, spec) && !(starts && container);  // one program per channel
    if (success && starts) {
      container = co_await docker::run(spec);
      programs.spawn(run_container(channel, container));
    } else if (success && container && request->type() == RequestType::window_change) {
      co_await container.resize(spec.size);
    }
    request->reply(success);
  }
}

Task<> handle_connection(tcp::socket socket, Config config, std::string image) {
  auto client = co_await ssh::accept(std::move(socket), config);
  (void)ssh::Stream(std::move(client.requests));  // global requests: what is dropped is refused
  ssh::TaskScope sessions(co_await asio::this_coro::executor, report);
  while (auto next = co_await client.channels.next()) sessions.spawn(handle_channel(std::move(*next), image));
}

Task<> listen(tcp::acceptor acceptor, Config config, std::string image) {
  ssh::TaskScope connections(co_await asio::this_coro::executor, report);
  while (true)
    connections.spawn(handle_connection(co_await acceptor.async_accept(asio::use_awaitable), config, image));
}

int main(int count, char** arguments) {
  const std::string image = count > 1 ? arguments[1] : "busybox";
  const auto port = static_cast<std::uint16_t>(count > 2 ? std::stoi(arguments[2]) : 2222);
  auto config = std::make_shared<ssh::ServerConfig>();  // without an authenticator: everybody is admitted
  config->host_keys = ssh::local_host_keys({*ssh::PrivateKey::generate(ssh::PrivateKey::Type::ed25519)});
  asio::io_context io{1};
  asio::signal_set interrupt(io, SIGINT, SIGTERM);
  ssh::TaskScope server(io.get_executor(), report);
  server.spawn(listen(tcp::acceptor(io, {tcp::v4(), port}), config, image));
  interrupt.async_wait([&server](auto, int) { server.cancel(); });
  io.run();  // until the last container is removed
}
