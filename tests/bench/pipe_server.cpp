// SPDX-License-Identifier: Apache-2.0
// The engine as sshd is: a server whose exec runs a program of this machine over a socket pair, for like to
// be compared with like.
//
//   pipe_server KEYFILE AUTHORIZED_KEY   prints its port
#include "backend/oci/process.hpp"
#include "relay/data_socket.hpp"

#include <fairlead/ssh/server.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>

namespace {

namespace asio = boost::asio;
namespace ssh = fairlead::ssh;
using asio::ip::tcp;
using fairlead::FileDescriptor;
using fairlead::backend::oci::Process;
using fairlead::relay::DataSocket;

class OneKey final : public ssh::Authenticator {
 public:
  explicit OneKey(ssh::PublicKey key) : key_(std::move(key)) {}
  [[nodiscard]] std::vector<std::string> methods() const override { return {"publickey"}; }
  [[nodiscard]] ssh::Task<ssh::Verdict> public_key(const ssh::AuthContext&, const ssh::PublicKey& key,
                                                   bool) override {
    co_return key == key_ ? ssh::Verdict::accepted : ssh::Verdict::refused;
  }

 private:
  ssh::PublicKey key_;
};

ssh::Task<> wait_for_end(const Process& program) {
  asio::posix::stream_descriptor ended(co_await asio::this_coro::executor,
                                       static_cast<int>(::syscall(SYS_pidfd_open, program.pid(), 0)));
  boost::system::error_code ignored;
  co_await ended.async_wait(asio::posix::stream_descriptor::wait_read,
                            asio::redirect_error(asio::use_awaitable, ignored));
}

ssh::Task<> feed(std::shared_ptr<DataSocket> data, ssh::Channel channel) {
  fairlead::relay::Activity activity;
  fairlead::relay::Meter count(activity);
  co_await data->copy_input(channel, count);
}

ssh::Task<> run_program(ssh::Channel channel, std::string command) {
  const auto executor = co_await asio::this_coro::executor;
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw std::runtime_error("socketpair");
  FileDescriptor ours(ends[0]);
  FileDescriptor theirs(ends[1]);
  std::shared_ptr<DataSocket> data = DataSocket::adopt(executor, std::move(ours));
  fairlead::backend::oci::Command shell{.arguments = {"/bin/sh", "-c", std::move(command)}};
  shell.descriptors = {{theirs.get(), 0}, {theirs.get(), 1}};
  Process program = fairlead::backend::oci::start(shell);
  theirs.reset();
  ssh::TaskScope feeding(executor);
  feeding.spawn(feed(data, channel));
  fairlead::relay::Activity activity;
  fairlead::relay::Meter count(activity);
  co_await data->copy_output(channel, count);
  co_await wait_for_end(program);
  channel.send_exit_status(static_cast<std::uint32_t>(program.wait(std::chrono::seconds(1))));
  channel.close();
}

ssh::Task<> handle_session(ssh::NewChannel wanted) {
  auto [channel, requests] = std::move(wanted).accept();
  ssh::TaskScope programs(co_await asio::this_coro::executor);
  while (auto request = co_await requests.next()) {
    const auto exec = request->parse<ssh::ExecRequest>();
    if (request->type() != ssh::RequestType::exec || !exec) continue;
    request->reply(true);
    programs.spawn(run_program(channel, exec->command));
  }
}

ssh::Task<> serve(tcp::socket socket, std::shared_ptr<const ssh::ServerConfig> config) {
  try {
    auto client = co_await ssh::accept(std::move(socket), config);
    ssh::TaskScope sessions(co_await asio::this_coro::executor);
    while (auto wanted = co_await client.channels.next()) sessions.spawn(handle_session(std::move(*wanted)));
  } catch (const ssh::ConnectionError& error) {
    std::fprintf(stderr, "pipe_server: %s\n", error.what());
  }
}

ssh::Task<> listen(tcp::acceptor acceptor, std::shared_ptr<const ssh::ServerConfig> config) {
  ssh::TaskScope connections(co_await asio::this_coro::executor);
  for (;;) {
    auto socket = co_await acceptor.async_accept(asio::use_awaitable);
    connections.spawn(serve(std::move(socket), config));
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) throw std::runtime_error("usage: pipe_server KEYFILE AUTHORIZED_KEY");
  std::ifstream file(argv[2]);
  const std::string line((std::istreambuf_iterator<char>(file)), {});
  auto config = std::make_shared<ssh::ServerConfig>();
  config->host_keys = ssh::local_host_keys({ssh::PrivateKey::load(argv[1]).value()});
  config->authenticator = std::make_shared<OneKey>(
      ssh::PublicKey::from_text(std::string_view(line).substr(0, line.find('\n'))).value());
  asio::io_context io{1};
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  std::printf("%u\n", static_cast<unsigned>(acceptor.local_endpoint().port()));
  std::fflush(stdout);
  ssh::TaskScope listening(io.get_executor());
  listening.spawn(listen(std::move(acceptor), config));
  io.run();
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "pipe_server: %s\n", error.what());
  return 1;
}
