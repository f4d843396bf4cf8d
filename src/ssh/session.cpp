// SPDX-License-Identifier: Apache-2.0
// run(): a session channel from its open to the end of its program.
#include <fairlead/ssh/session.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace fairlead::ssh {
namespace {

Task<> feed(Channel channel, std::string input) {
  try {
    co_await channel.write(as_bytes(input));
  } catch (const ConnectionError&) {  // the program has ended without reading all of it
  }
  channel.close_write();
}

// Answers what comes beside the output, too: a server that asks whether we are there must hear something.
Task<> note_end(Stream<Request> requests, std::shared_ptr<RunResult> result) {
  while (auto request = co_await requests.next()) {
    if (const auto status = request->parse<ExitStatusRequest>();
        status && request->type() == RequestType::exit_status)
      result->status = status->status;
    if (request->type() != RequestType::exit_signal) continue;
    if (auto signal = request->parse<ExitSignalRequest>()) result->signal = std::move(*signal);
  }
}

Task<> collect(Channel channel, std::shared_ptr<RunResult> result, std::size_t most) {
  for (;;) {
    const View view = co_await channel.view();
    if (view.data.empty()) co_return;
    const Bytes kept = view.data.first(std::min(view.data.size(), most));
    most -= kept.size();
    (view.type == StreamType::standard ? result->output : result->errors) += as_text(kept);
    if (kept.size() < view.data.size()) {
      result->truncated = true;
      channel.close();
      co_return;
    }
    channel.consume(kept.size());
  }
}

Task<> fail_with(Connection connection) {
  const Error why = co_await connection.closed();
  throw ConnectionError(why, connection.farewell());
}

}  // namespace

Task<std::expected<RunResult, Refusal>> run(Connection connection, std::string command, RunOptions options) {
  auto opened = co_await connection.open_channel("session");
  if (!opened) co_return std::unexpected(std::move(opened.error()));
  Channel channel = opened->channel;
  const auto result = std::make_shared<RunResult>();
  TaskScope scope(co_await asio::this_coro::executor);
  scope.spawn(note_end(std::move(opened->requests), result));
  for (const EnvRequest& variable : options.environment) channel.notify(variable);
  const ExecRequest exec{std::move(command)};
  if (!co_await channel.request(exec)) {
    if (!connection.is_open()) co_await fail_with(connection);
    co_return std::unexpected(Refusal{OpenFailure::administratively_prohibited, "command refused"});
  }
  scope.spawn(feed(channel, std::move(options.input)));
  co_await collect(channel, result, options.most_output);
  // RFC 4254 section 6.10: how the program ended may follow its output.
  if (!result->truncated && !co_await channel.closed()) co_await fail_with(connection);
  co_await scope.join();
  co_return std::move(*result);
}

}  // namespace fairlead::ssh
