// SPDX-License-Identifier: Apache-2.0
// An SSH client in one file: runs a command as the current user would with ssh, and ends with its status.
//   run_command PORT FINGERPRINT COMMAND [KEYFILE]
#include <fairlead/ssh/client.hpp>
#include <fairlead/ssh/session.hpp>

#include <boost/asio/io_context.hpp>

#include <iostream>

namespace ssh = fairlead::ssh;
namespace asio = boost::asio;
using asio::ip::tcp;

ssh::Task<int> run(tcp::endpoint server, std::shared_ptr<const ssh::ClientConfig> config,
                   std::string command) {
  tcp::socket socket(co_await asio::this_coro::executor);
  co_await socket.async_connect(server, asio::use_awaitable);
  auto [connection, channels, requests] = co_await ssh::connect(std::move(socket), config);
  const auto result = co_await ssh::run(connection, std::move(command));
  connection.disconnect(ssh::DisconnectReason::by_application, "done");
  if (!result) {
    std::cerr << "refused\n";
    co_return 255;
  }
  std::cout << result->output;
  std::cerr << result->errors;
  co_return static_cast<int>(result->status.value_or(255));
}

int main(int count, char** arguments) try {
  if (count < 4) throw std::invalid_argument("run_command PORT FINGERPRINT COMMAND [KEYFILE]");
  auto config = std::make_shared<ssh::ClientConfig>();
  config->user = "anybody";
  config->accept_host_key = [wanted = std::string(arguments[2])](const ssh::PublicKey& key) {
    return key.fingerprint() == wanted;
  };
  if (count > 4) config->keys.push_back(ssh::PrivateKey::load(arguments[4]).value());

  asio::io_context io{1};
  const tcp::endpoint server(asio::ip::address_v4::loopback(),
                             static_cast<std::uint16_t>(std::stoi(arguments[1])));
  std::exception_ptr failure;
  int status = 255;
  asio::co_spawn(io, run(server, config, arguments[3]), [&](std::exception_ptr thrown, int result) {
    failure = thrown;
    status = result;
  });
  io.run();
  if (failure) std::rethrow_exception(failure);
  return status;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 255;
}
