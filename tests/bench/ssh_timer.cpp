// SPDX-License-Identifier: Apache-2.0
// A client for the benchmarks: logs in with our own engine and times single steps, without a process per
// measurement.
//
//   ssh_timer PORT USER KEYFILE exec COUNT COMMAND    milliseconds of each exec on one connection, one a line
//   ssh_timer PORT USER KEYFILE login COUNT           milliseconds from connect to login, one a line
//   ssh_timer PORT USER KEYFILE idle COUNT            logs in COUNT times, prints "ready", holds all until
//   standard input ends
//   ssh_timer PORT USER KEYFILE wait COUNT            logs in COUNT times at the same time, however that ends
//   ssh_timer PORT USER KEYFILE share COUNT COMMAND   bytes that each of COUNT channels got in three seconds
//   ssh_timer PORT USER KEYFILE echo COUNT COMMAND    milliseconds from key to echo while COMMAND sends, one
//   a line
#include <fairlead/ssh/client.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace ssh = fairlead::ssh;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

struct Target {
  std::uint16_t port;
  std::shared_ptr<const ssh::ClientConfig> config;
};

void print_since(Clock::time_point start) {
  const std::chrono::duration<double, std::milli> elapsed = Clock::now() - start;
  std::printf("%.3f\n", elapsed.count());
}

ssh::Task<ssh::AcceptedConnection> log_in(Target target) {
  tcp::socket socket(co_await asio::this_coro::executor);
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), target.port);
  co_await socket.async_connect(endpoint, asio::use_awaitable);
  co_return co_await ssh::connect(std::move(socket), target.config);
}

ssh::Task<> leave(ssh::Connection connection) {
  connection.disconnect(ssh::DisconnectReason::by_application, "measured");
  (void)co_await connection.closed();
}

ssh::Task<ssh::OpenedChannel> start_program(ssh::Connection connection, std::string command) {
  const ssh::ExecRequest request{std::move(command)};
  auto opened = co_await connection.open_channel("session");
  if (!opened) throw std::runtime_error("channel refused: " + opened.error().text);
  if (!co_await opened->channel.request("exec", request.encode())) throw std::runtime_error("exec refused");
  co_return std::move(*opened);
}

ssh::Task<> time_exec(Target target, int count, std::string command) {
  ssh::AcceptedConnection connection = co_await log_in(target);
  std::vector<std::byte> buffer(std::size_t{32} * 1024);
  for (int i = 0; i < count; ++i) {
    const auto start = Clock::now();
    ssh::OpenedChannel program = co_await start_program(connection.connection, command);
    for (std::size_t size = 1; size > 0;) size = co_await program.channel.read_some(buffer);
    while (auto request = co_await program.requests.next()) request.reset();
    program.channel.close();
    print_since(start);
  }
  co_await leave(connection.connection);
}

ssh::Task<> time_logins(Target target, int count) {
  for (int i = 0; i < count; ++i) {
    const auto start = Clock::now();
    const ssh::AcceptedConnection connection = co_await log_in(target);
    print_since(start);
    co_await leave(connection.connection);
  }
}

ssh::Task<> hold_idle(Target target, int count) {
  std::vector<ssh::AcceptedConnection> connections;
  for (int i = 0; i < count; ++i) connections.push_back(co_await log_in(target));
  std::printf("ready\n");
  std::fflush(stdout);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
  for (const auto& held : connections) co_await leave(held.connection);
}

ssh::Task<> try_to_log_in(Target target) {
  const ssh::AcceptedConnection connection = co_await log_in(std::move(target));
  co_await leave(connection.connection);
}

ssh::Task<> log_in_together(Target target, int count) {
  ssh::TaskScope logins(co_await asio::this_coro::executor);
  for (int i = 0; i < count; ++i) logins.spawn(try_to_log_in(target));
  co_await logins.join();
}

ssh::Task<> drain(ssh::Channel from, std::shared_ptr<std::uint64_t> count) {
  while (true) {
    const ssh::View view = co_await from.view();
    if (view.data.empty()) break;
    *count += view.data.size();
    from.consume(view.data.size());
  }
}

ssh::Task<> pause(std::chrono::milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

ssh::Task<> share_out(Target target, int count, std::string command) {
  const ssh::AcceptedConnection connection = co_await log_in(target);
  ssh::TaskScope readers(co_await asio::this_coro::executor);
  std::vector<ssh::OpenedChannel> programs;
  std::vector<std::shared_ptr<std::uint64_t>> counts;
  for (int i = 0; i < count; ++i) {
    programs.push_back(co_await start_program(connection.connection, command));
    counts.push_back(std::make_shared<std::uint64_t>(0));
    readers.spawn(drain(programs.back().channel, counts.back()));
  }
  for (const auto& bytes : counts) *bytes = 0;
  co_await pause(std::chrono::seconds(3));
  for (const auto& bytes : counts) std::printf("%llu\n", static_cast<unsigned long long>(*bytes));
  co_await leave(connection.connection);
}

ssh::Task<> time_echoes(Target target, int count, std::string bulk) {
  const ssh::AcceptedConnection connection = co_await log_in(target);
  ssh::TaskScope readers(co_await asio::this_coro::executor);
  const ssh::OpenedChannel program = co_await start_program(connection.connection, std::move(bulk));
  readers.spawn(drain(program.channel, std::make_shared<std::uint64_t>(0)));
  ssh::OpenedChannel echo = co_await start_program(connection.connection, "cat");
  std::vector<std::byte> key(1);
  for (int i = 0; i < count; ++i) {
    co_await pause(std::chrono::milliseconds(20));
    const auto start = Clock::now();
    co_await echo.channel.write(key);
    if (co_await echo.channel.read_some(key) != 1) throw std::runtime_error("no echo");
    print_since(start);
  }
  co_await leave(connection.connection);
}

ssh::Task<> dispatch(Target target, std::vector<std::string> words) {
  const int count = std::atoi(words[4].c_str());
  if (words[3] == "exec" && words.size() == 6) return time_exec(target, count, words[5]);
  if (words[3] == "share" && words.size() == 6) return share_out(target, count, words[5]);
  if (words[3] == "echo" && words.size() == 6) return time_echoes(target, count, words[5]);
  if (words[3] == "login") return time_logins(target, count);
  if (words[3] == "wait") return log_in_together(target, count);
  if (words[3] == "idle") return hold_idle(target, count);
  throw std::runtime_error("unknown measurement " + words[3]);
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 5)
    throw std::runtime_error(
        "usage: ssh_timer PORT USER KEYFILE exec|login|idle|wait|share|echo COUNT [COMMAND]");
  auto key = ssh::PrivateKey::load(words[2]);
  if (!key) throw std::runtime_error("cannot load " + words[2]);
  auto config = std::make_shared<ssh::ClientConfig>();
  config->user = words[1];
  config->keys.push_back(*key);
  config->accept_host_key = [](const ssh::PublicKey&) { return true; };  // loopback, our own servers
  const Target target{static_cast<std::uint16_t>(std::atoi(words[0].c_str())), config};

  asio::io_context io{1};
  std::exception_ptr failure;
  asio::co_spawn(io, dispatch(target, words), [&failure](std::exception_ptr error) { failure = error; });
  io.run();
  if (failure) std::rethrow_exception(failure);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "ssh_timer: %s\n", error.what());
  return 1;
}
