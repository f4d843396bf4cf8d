// SPDX-License-Identifier: Apache-2.0
// One session channel (RFC 4254 section 6): what the requests say is collected until one program starts; then
// its bytes move, and its end is told.
//
// The order of ends: all output, EOF, exit-status or exit-signal, CLOSE. As with sshd, a session without a
// terminal lasts until the program has exited *and* nobody holds its output any more, so `sleep 9 &` keeps it
// open; one with a terminal ends with the program, when what the terminal held has been sent. When the client
// closes the channel first, the program is hung up.
#pragma once

#include "agent/account.hpp"
#include "agent/channel_owner.hpp"
#include "agent/command.hpp"
#include "agent/environment.hpp"
#include "agent/event_loop.hpp"
#include "agent/link.hpp"
#include "agent/processes.hpp"
#include "agent/program.hpp"
#include "agent/pty.hpp"
#include "agent/splice.hpp"
#include "agent/streams.hpp"

#include <optional>
#include <string>

namespace fairlead::agent {

// For whom and with what the programs of this box run; the same for all its sessions.
struct Box {
  link::Setup setup;
  Account account;
  Environment inherited;
  InternalPrograms internal;
  std::string agent_path;
};

class Session final : public ChannelOwner {
 public:
  // What it uses must outlive it.
  struct House {
    EventLoop& loop;
    Link& link;
    Processes& processes;
    const Box& box;
  };

  Session(House house, ssh::ChannelId channel);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  // Hangs up a program that still runs.
  ~Session() override;

  void on_request(const ssh::event::ChannelRequest& request) override;
  void on_data(ssh::DataType type, ssh::Bytes data) override;
  void on_eof() override;
  void on_writable() override;

 private:
  // Answer of a request; start() comes after the answer, so that no output precedes it.
  [[nodiscard]] bool decide(const ssh::event::ChannelRequest& request, std::optional<Command>& command);
  [[nodiscard]] bool on_env(ssh::Bytes payload);
  [[nodiscard]] bool on_pty(ssh::Bytes payload);
  [[nodiscard]] bool on_window_change(ssh::Bytes payload);
  [[nodiscard]] bool on_signal(ssh::Bytes payload);
  [[nodiscard]] bool on_break() const;
  [[nodiscard]] bool on_end_of_write();
  void on_data_socket(ssh::Bytes payload);
  [[nodiscard]] std::optional<Command> choose(ssh::RequestType type, ssh::Bytes payload) const;
  [[nodiscard]] Environment environment() const;

  void start(const Command& command);
  [[nodiscard]] ProgramPlan make_plan(const Command& command) const;
  // The other ends of the plan's descriptors, which the child will have.
  struct ChildEnds {
    FileDescriptor input, output, error;
  };
  [[nodiscard]] std::optional<ChildEnds> connect_terminal(ProgramPlan& plan);
  [[nodiscard]] std::optional<ChildEnds> connect_pipes(ProgramPlan& plan);
  // False: out of descriptors.
  [[nodiscard]] bool splice(FileDescriptor input, FileDescriptor output);
  // No program: the sentence on standard error, then that exit status.
  void explain(const std::string& sentence, int status);
  void on_exit(int wait_status);
  void end_if_done();
  void tell_exit();

  House house_;
  ssh::ChannelId channel_;
  ClientEnvironment client_;
  std::optional<Pty> pty_;
  std::string pty_refusal_;
  InputStream input_;
  OutputStream output_, error_;
  // Standard input and output of a program whose channel has a data socket; the streams above have no
  // descriptor then.
  enum class DataSocket { none, lost, here } data_socket_state_ = DataSocket::none;
  FileDescriptor data_socket_;
  std::optional<Splice> data_in_, data_out_;
  bool started_ = false;
  bool done_ = false;
  pid_t pid_ = 0;
  std::optional<int> wait_status_;
};

}  // namespace fairlead::agent
