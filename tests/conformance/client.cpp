// SPDX-License-Identifier: Apache-2.0
// The engine's client for the conformance tests: runs one command as ssh does. Standard input must be a pipe.
// Says "negotiated NAMES" on standard error when --verbose; answers prompts with --answer, in their order;
// ends with the command's status, 254 when a signal ended it, 255 when the connection failed.
#include "options.hpp"

#include <fairlead/ssh/client.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>

#include <unistd.h>

#include <iostream>

namespace {

namespace ssh = fairlead::ssh;
namespace asio = boost::asio;
using asio::ip::tcp;

struct Options {
  std::uint16_t port = 0;
  std::string command, host_key, host_authorities, revoked;
  std::vector<std::string> keys, certificates, answers;
  bool verbose = false;
  ssh::ClientConfig config;
};

struct StandardInput {
  std::shared_ptr<asio::posix::stream_descriptor> pipe;

  ssh::Task<std::size_t> read_some(ssh::MutableBytes buffer) {
    boost::system::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    const asio::mutable_buffer target(buffer.data(), buffer.size());
    co_return co_await pipe->async_read_some(target, token);
  }
};

void print(int stream, ssh::Bytes data) {
  while (!data.empty()) {
    const ssize_t done = ::write(stream, data.data(), data.size());
    if (done < 0) throw std::runtime_error("cannot write");
    data = data.subspan(static_cast<std::size_t>(done));
  }
}

ssh::Task<> show_output(ssh::Channel channel) {
  for (;;) {
    const ssh::View view = co_await channel.view();
    if (view.data.empty()) co_return;
    print(view.type == ssh::StreamType::standard ? STDOUT_FILENO : STDERR_FILENO, view.data);
    channel.consume(view.data.size());
  }
}

ssh::Task<int> wait_for_status(ssh::Stream<ssh::Request>& requests) {
  int status = 255;  // of a program whose end we are never told
  while (auto request = co_await requests.next()) {
    const auto exited = request->parse<ssh::ExitStatusRequest>();
    if (request->type() == ssh::RequestType::exit_status && exited) status = static_cast<int>(exited->status);
    if (request->type() == ssh::RequestType::exit_signal) status = 254;
  }
  co_return status;
}

ssh::Task<int> run(Options options, std::shared_ptr<const ssh::ClientConfig> config) {
  tcp::socket socket(co_await asio::this_coro::executor);
  const tcp::endpoint server(asio::ip::address_v4::loopback(), options.port);
  co_await socket.async_connect(server, asio::use_awaitable);
  auto connected = co_await ssh::connect(std::move(socket), config);
  const ssh::Connection connection = connected.connection;
  if (options.verbose) std::cerr << "negotiated " << connection.negotiated() << std::endl;
  auto session = co_await ssh::Connection(connection).open_channel("session");
  if (!session) throw std::runtime_error("channel refused");
  const std::vector<std::byte> command = ssh::ExecRequest{options.command}.encode();
  if (!co_await session->channel.request("exec", command)) throw std::runtime_error("command refused");

  ssh::TaskScope input(co_await asio::this_coro::executor);
  auto pipe =
      std::make_shared<asio::posix::stream_descriptor>(co_await asio::this_coro::executor, STDIN_FILENO);
  input.spawn(ssh::copy(StandardInput{pipe}, session->channel));
  co_await show_output(session->channel);
  const int status = co_await wait_for_status(session->requests);
  // sshd tells the status when the program ends, which may be before its last output has been sent.
  if (!co_await session->channel.closed()) throw std::runtime_error("the connection was lost");
  session->channel.close();
  ssh::Connection(connection).disconnect(ssh::DisconnectReason::by_application, "done");
  co_return status;
}

// Takes as many of the answers as there are prompts.
ssh::Task<std::vector<std::string>> answer(std::shared_ptr<std::vector<std::string>> answers,
                                           std::size_t prompts) {
  const auto end = answers->begin() + static_cast<std::ptrdiff_t>(std::min(prompts, answers->size()));
  std::vector<std::string> taken(answers->begin(), end);
  answers->erase(answers->begin(), end);
  co_return taken;
}

void load(Options& options) {
  ssh::ClientConfig& config = options.config;
  config.accept_host_key = [wanted = options.host_key](const ssh::PublicKey& key) {
    return key.fingerprint() == wanted;
  };
  config.host_authorities = conformance::load_public_keys(options.host_authorities);
  if (!options.revoked.empty()) config.revoked_host_keys = ssh::RevocationList::load(options.revoked).value();
  config.keys = conformance::load_all<ssh::PrivateKey>(options.keys);
  config.certificates = conformance::load_all<ssh::Certificate>(options.certificates);
  if (options.answers.empty()) return;
  config.answer_prompts = [answers = std::make_shared<std::vector<std::string>>(options.answers)](
                              ssh::PromptRound round) { return answer(answers, round.prompts.size()); };
}

Options parse(int count, char** arguments) {
  Options options;
  CLI::App app("The engine's client for the conformance tests");
  app.add_option("port", options.port)->required();
  app.add_option("command", options.command)->required();
  app.add_option("--user", options.config.user)->default_val("root");
  app.add_option("--host-key", options.host_key, "The fingerprint of the key that the server must show");
  app.add_option("--host-authorities", options.host_authorities, "A file of CAs' public keys");
  app.add_option("--host-name", options.config.host_name);
  app.add_option("--revoked", options.revoked, "A file of host keys");
  app.add_option("--key", options.keys);
  app.add_option("--certificate", options.certificates);
  app.add_option("--password", options.config.password);
  app.add_option("--answer", options.answers);
  app.add_option("--host-key-algorithms", options.config.host_key_algorithms)->delimiter(',');
  app.add_flag("--verbose", options.verbose);
  conformance::add_engine_options(app, options.config, options.config.login_deadline);
  conformance::parse_or_exit(app, count, arguments);
  load(options);
  return options;
}

}  // namespace

int main(int count, char** arguments) try {
  const Options options = parse(count, arguments);
  auto config = std::make_shared<const ssh::ClientConfig>(options.config);
  asio::io_context io{1};
  std::exception_ptr failure;
  int status = 255;
  asio::co_spawn(io, run(options, config), [&](std::exception_ptr error, int result) {
    failure = error;
    status = result;
  });
  io.run();
  if (failure) std::rethrow_exception(failure);
  return status;
} catch (const std::exception& error) {
  std::cerr << "conformance_client: " << error.what() << '\n';
  return 255;
}
