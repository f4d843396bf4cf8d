// SPDX-License-Identifier: Apache-2.0
// Creates, attaches, starts, resizes, waits for and removes the tutorial's containers.
#include "docker_client.hpp"

#include "backend/docker/attach_frames.hpp"
#include "backend/docker/to_the_end.hpp"

#include <fairlead/ssh/limits.hpp>

#include <boost/json/array.hpp>

namespace docker {

using fairlead::docker::Engine;
using fairlead::docker::FrameDecoder;
using fairlead::docker::in;
namespace asio = boost::asio;
namespace http = fairlead::http;
namespace json = boost::json;

namespace {

constexpr std::chrono::seconds patience{30};  // with an engine that does not answer

Engine make_engine() {
  return Engine(http::Client(http::Endpoint::parse("unix:///var/run/docker.sock")));
}

// Removal may not depend on whoever held the container: his coroutine may be cancelled.
Task<> remove_quietly(Engine engine, std::string id) {
  try {
    co_await engine.remove(id, in(patience));
  } catch (const std::exception&) {
    // The engine is gone, and nobody is left to be told.
  }
}

json::object container_body(const ContainerSpec& spec) {
  json::object body{{"Image", spec.image}, {"Tty", spec.terminal}};
  for (const auto* key : {"OpenStdin", "StdinOnce", "AttachStdin", "AttachStdout", "AttachStderr"})
    body[key] = true;
  body["Env"] = json::array(spec.environment.begin(), spec.environment.end());
  if (!spec.command.empty()) body["Cmd"] = json::array(spec.command.begin(), spec.command.end());
  return body;
}

}  // namespace

struct Container::State {
  State(Engine e, asio::any_io_executor x, std::string i)
      : engine(std::move(e)), executor(std::move(x)), id(std::move(i)) {}
  ~State() {
    asio::co_spawn(executor, remove_quietly(engine, id), [](const std::exception_ptr&) {});
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Engine engine;
  asio::any_io_executor executor;
  std::string id;
  http::Stream stream;
  bool terminal = false;
};

bool ContainerSpec::set_env(const std::string& name, const std::string& value) {
  if (environment.size() == ssh::limits::environment_variables) return false;
  environment.push_back(name + "=" + value);
  return true;
}

bool ContainerSpec::set_terminal(const std::string& term, ssh::TerminalSize terminal_size) {
  terminal = true;
  size = terminal_size;
  return set_env("TERM", term);
}

bool ContainerSpec::set_size(ssh::TerminalSize terminal_size) {
  size = terminal_size;
  return true;
}

bool ContainerSpec::set_command(std::vector<std::string> words) {
  command = std::move(words);
  return true;
}

http::Stream Container::input() const {
  return state_->stream;
}

Task<> Container::pump_output(ssh::Channel channel) const {
  const auto state = state_;
  FrameDecoder decoder;
  std::vector<std::byte> buffer(std::size_t{32} * 1024);
  while (const auto size = co_await state->stream.read_some(buffer)) {
    auto output = ssh::Bytes(buffer).first(size);
    if (state->terminal) {  // a terminal has one output, which Docker passes as it is
      co_await channel.write(output);
      continue;
    }
    while (const auto piece = decoder.next(output)) {
      if (piece->source == FrameDecoder::Source::standard_output)
        co_await channel.write(piece->data);
      else
        co_await channel.write_stderr(piece->data);
    }
  }
}

Task<std::uint32_t> Container::wait() const {
  const auto state = state_;
  co_return static_cast<std::uint32_t>(
      co_await state->engine.wait(state->id, fairlead::docker::Deadline::max()));
}

Task<> Container::resize(ssh::TerminalSize size) const {
  const auto state = state_;
  try {
    co_await state->engine.resize(state->id, size, in(patience));
  } catch (const fairlead::docker::EngineError&) {
    // The program has ended meanwhile; nobody will look at this size.
  }
}

namespace {

Task<std::shared_ptr<Container::State>> start(ContainerSpec spec) {
  const auto engine = make_engine();
  fairlead::docker::NewContainer wanted;
  wanted.body = container_body(spec);
  auto id = co_await engine.create(std::move(wanted), in(patience));
  auto state = std::make_shared<Container::State>(engine, co_await asio::this_coro::executor, std::move(id));
  state->terminal = spec.terminal;
  state->stream = co_await engine.attach(state->id, in(patience));
  co_await engine.start(state->id, in(patience));
  co_return state;
}

}  // namespace

Task<Container> run(ContainerSpec spec) {
  const auto size = spec.size;
  // Whoever asked may be cancelled at any time; a container that is half made must not be forgotten.
  const auto state = co_await fairlead::docker::to_the_end(start(std::move(spec)));
  const Container container(state);
  if (state->terminal) co_await container.resize(size);
  co_return container;
}

}  // namespace docker
