// SPDX-License-Identifier: Apache-2.0
// Requests to a program, and a program to its end.
#include "agent/session.hpp"

#include "agent/limits.hpp"
#include "agent/signals.hpp"
#include "base/wire.hpp"

#include <fairlead/ssh/limits.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace fairlead::agent {
namespace {

struct Pipe {
  FileDescriptor reader, writer;
};

std::optional<Pipe> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return {};
  // Refused above the user's share of pipe memory; then the smaller pipe does.
  (void)::fcntl(fds[0], F_SETPIPE_SZ, limits::pipe_size);
  return Pipe{FileDescriptor(fds[0]), FileDescriptor(fds[1])};
}

// Ours only: the program's end is another open file, and blocks.
FileDescriptor nonblocking(FileDescriptor fd) {
  (void)::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  return fd;
}

FileDescriptor duplicate(const FileDescriptor& fd) {
  return FileDescriptor(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

const char* why_not_started(int error) {
  if (error == EAGAIN) return "The program cannot be started: this box has reached its limit of processes.";
  if (error == ENOMEM) return "The program cannot be started: this box is out of memory.";
  return "The program cannot be started: this box is out of descriptors.";
}

}  // namespace

Session::Session(House house, ssh::ChannelId channel)
    : house_(house),
      channel_(channel),
      input_(house.loop, house.link.engine(), channel),
      output_(house.link, channel, ssh::DataType::standard, [this] { end_if_done(); }),
      error_(house.link, channel, ssh::DataType::stderr_, [this] { end_if_done(); }) {}

Session::~Session() {
  if (pid_ <= 0 || wait_status_) return;
  std::vector<FileDescriptor> output;
  if (!pty_) {  // a terminal hangs up by being closed
    output.push_back(data_out_ ? data_out_->release() : output_.release());
    output.push_back(error_.release());
  }
  house_.processes.hang_up(pid_, std::move(output));
}

void Session::on_data(ssh::DataType type, ssh::Bytes data) {
  // RFC 4254 section 5.2: extended data towards a program has no meaning.
  if (type == ssh::DataType::standard)
    input_.write(data);
  else
    house_.link.engine().consumed(channel_, data.size());
}

void Session::on_eof() {
  input_.finish();
}

void Session::on_writable() {
  output_.resume();
  error_.resume();
}

void Session::on_request(const ssh::event::ChannelRequest& request) {
  std::optional<Command> command;
  if (request.name == link::data_socket_request) on_data_socket(request.payload);
  const bool success = decide(request, command);
  if (request.want_reply) house_.link.engine().reply(channel_, request.ticket, success);
  if (command) start(*command);
}

bool Session::decide(const ssh::event::ChannelRequest& request, std::optional<Command>& command) {
  const auto type = ssh::request_type(request.name);
  switch (type) {
    case ssh::RequestType::env:
      return on_env(request.payload);
    case ssh::RequestType::pty_req:
      return on_pty(request.payload);
    case ssh::RequestType::window_change:
      return on_window_change(request.payload);
    case ssh::RequestType::signal:
      return on_signal(request.payload);
    case ssh::RequestType::shell:
    case ssh::RequestType::exec:
    case ssh::RequestType::subsystem:
      if (!started_) command = choose(type, request.payload);
      return command.has_value();
    case ssh::RequestType::line_break:
      return on_break();
    case ssh::RequestType::eow:
      return on_end_of_write();
    default:
      return false;
  }
}

bool Session::on_env(ssh::Bytes payload) {
  auto variable = ssh::EnvRequest::decode(payload);
  if (started_ || !variable || client_.variables.size() == ssh::limits::environment_variables) return false;
  client_.variables.push_back(std::move(*variable));
  return true;
}

bool Session::on_pty(ssh::Bytes payload) {
  const auto request = ssh::PtyRequest::decode(payload);
  if (started_ || pty_ || !request) return false;
  auto pty = open_pty(*request, house_.box.account);
  if (!pty) {
    pty_refusal_ = std::move(pty.error());
    return false;
  }
  pty_ = std::move(*pty);
  client_.term = request->term;
  client_.tty_name = pty_->name;
  return true;
}

bool Session::on_window_change(ssh::Bytes payload) {
  const auto change = ssh::WindowChangeRequest::decode(payload);
  if (!change || !pty_ || !pty_->master) return false;
  resize_pty(pty_->master.get(), change->size);
  return true;
}

bool Session::on_signal(ssh::Bytes payload) {
  const auto request = ssh::SignalRequest::decode(payload);
  if (!request || pid_ <= 0 || wait_status_) return false;
  const auto number = signal_number(request->name);
  return number && ::kill(-pid_, *number) == 0;
}

// RFC 4335: what a break on a terminal's line does, an interrupt of the foreground processes.
bool Session::on_break() const {
  return pty_ && pty_->master && pid_ > 0 && !wait_status_ &&
         ::ioctl(pty_->master.get(), TIOCSIG, SIGINT) == 0;
}

// CN-17: the client reads no more. A program with pipes finds that out as it would in a pipeline; a terminal
// has only one end for both directions.
bool Session::on_end_of_write() {
  if (!started_ || pty_ || wait_status_) return false;
  if (data_out_)
    data_out_->end();
  else
    output_.end();
  return true;
}

void Session::on_data_socket(ssh::Bytes payload) {
  ssh::WireReader reader(payload);
  const auto number = reader.u32();
  data_socket_ = reader.done() ? house_.link.data_sockets().take(number) : FileDescriptor();
  data_socket_state_ = data_socket_ ? DataSocket::here : DataSocket::lost;
}

Environment Session::environment() const {
  return make_environment(house_.box.inherited, house_.box.setup, house_.box.account, client_);
}

std::optional<Command> Session::choose(ssh::RequestType type, ssh::Bytes payload) const {
  const auto& box = house_.box;
  const Image image{
      box.setup,      box.account,
      box.internal,   environment()["PATH"],
      box.agent_path, [](const std::string& path) { return ::access(path.c_str(), X_OK) == 0; }};
  if (type == ssh::RequestType::shell) {
    if (!payload.empty()) return {};
    return choose_shell(image);
  }
  if (type == ssh::RequestType::exec) {
    const auto request = ssh::ExecRequest::decode(payload);
    if (!request) return {};
    return choose_exec(image, request->command);
  }
  const auto request = ssh::SubsystemRequest::decode(payload);
  if (!request) return {};
  return choose_subsystem(image, request->name);
}

ProgramPlan Session::make_plan(const Command& command) const {
  ProgramPlan plan;
  if (const auto* program = std::get_if<RunImageProgram>(&command)) {
    plan.paths = program->paths;
    plan.arguments = program->arguments;
  } else if (const auto* internal = std::get_if<RunInternal>(&command)) {
    plan.internal = internal->program;
  }
  plan.environment = environment_strings(environment());
  const auto& configured = house_.box.setup.working_directory;
  plan.directory = configured.empty() ? house_.box.account.home : configured;
  // Images often have accounts without a home; only a directory that somebody asked for is worth a complaint.
  plan.directory_must_exist = !configured.empty();
  return plan;
}

void Session::start(const Command& command) {
  started_ = true;
  if (const auto* cannot = std::get_if<CannotRun>(&command)) return explain(cannot->sentence, cannot->status);
  auto plan = make_plan(command);
  auto ends = pty_ ? connect_terminal(plan) : connect_pipes(plan);
  if (!ends) return explain(why_not_started(errno), status_cannot_run);
  if (!pty_refusal_.empty())
    (void)!::write(plan.error, pty_refusal_.append("\r\n").data(), pty_refusal_.size());
  const auto pid = start_program(plan, house_.box.account);
  ends.reset();
  if (!pid) return explain(why_not_started(pid.error()), status_cannot_run);
  pid_ = *pid;
  house_.processes.watch(pid_, [this](int status) { on_exit(status); });
}

std::optional<Session::ChildEnds> Session::connect_terminal(ProgramPlan& plan) {
  auto reader = duplicate(pty_->master);
  auto writer = duplicate(pty_->master);
  if (!reader || !writer) return {};
  ChildEnds ends{.input = std::move(pty_->slave), .output = {}, .error = {}};
  plan.input = plan.output = plan.error = ends.input.get();
  plan.controlling_terminal = true;
  output_.attach(house_.loop, std::move(reader));
  input_.attach(std::move(writer), true);
  return ends;
}

std::optional<Session::ChildEnds> Session::connect_pipes(ProgramPlan& plan) {
  auto in = make_pipe();
  auto out = make_pipe();
  auto err = make_pipe();
  if (!in || !out || !err) return {};
  ChildEnds ends{std::move(in->reader), std::move(out->writer), std::move(err->writer)};
  plan.input = ends.input.get();
  plan.output = ends.output.get();
  plan.error = ends.error.get();
  auto input = nonblocking(std::move(in->writer));
  auto output = nonblocking(std::move(out->reader));
  if (data_socket_state_ == DataSocket::none) {
    output_.attach(house_.loop, std::move(output));
    input_.attach(std::move(input), false);
  } else if (!splice(std::move(input), std::move(output))) {
    return {};
  }
  error_.attach(house_.loop, nonblocking(std::move(err->reader)));
  return ends;
}

bool Session::splice(FileDescriptor input, FileDescriptor output) {
  errno = EMFILE;  // why a data socket that was announced did not get here
  if (data_socket_state_ == DataSocket::lost) return false;
  auto source = nonblocking(std::move(data_socket_));
  auto sink = duplicate(source);
  if (!sink) return false;
  input_.close();
  data_in_.emplace(house_.loop, std::move(source), std::move(input), [] {});
  data_out_.emplace(house_.loop, std::move(output), std::move(sink), [this] { end_if_done(); });
  return true;
}

void Session::explain(const std::string& sentence, int status) {
  input_.close();
  data_socket_.reset();
  // Through a pipe, like a program's own words, so that it keeps to the window.
  const std::string line = "fairlead: " + sentence + (pty_ ? "\r\n" : "\n");
  auto pipe = make_pipe();
  if (pipe && ::write(pipe->writer.get(), line.data(), line.size()) > 0)
    error_.attach(house_.loop, nonblocking(std::move(pipe->reader)));
  wait_status_ = W_EXITCODE(status, 0);
  pty_.reset();
  end_if_done();
}

void Session::on_exit(int wait_status) {
  wait_status_ = wait_status;
  input_.close();
  if (data_in_) data_in_->stop();
  if (pty_) output_.end_when_empty();
  end_if_done();
}

void Session::end_if_done() {
  if (done_ || !wait_status_ || !output_.ended() || !error_.ended()) return;
  if (data_out_ && !data_out_->ended()) return;
  done_ = true;
  auto& engine = house_.link.engine();
  engine.send_eof(channel_);
  tell_exit();
  engine.close_channel(channel_);
  pty_.reset();
}

void Session::tell_exit() {
  auto& engine = house_.link.engine();
  if (WIFSIGNALED(*wait_status_)) {
    const int number = WTERMSIG(*wait_status_);
    const char* text = ::sigdescr_np(number);
    const ssh::ExitSignalRequest end{signal_name(number), WCOREDUMP(*wait_status_) != 0,
                                     text == nullptr ? "" : text};
    engine.send_request(channel_, "exit-signal", false, end.encode());
  } else {
    const ssh::ExitStatusRequest end{static_cast<std::uint32_t>(WEXITSTATUS(*wait_status_))};
    engine.send_request(channel_, "exit-status", false, end.encode());
  }
}

}  // namespace fairlead::agent
