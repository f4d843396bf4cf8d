// SPDX-License-Identifier: Apache-2.0
// Events of the link to its channels, signals to the reaper.
#include "agent/agent.hpp"

#include "agent/file_delivery.hpp"
#include "agent/limits.hpp"
#include "base/wire.hpp"

#include <climits>

#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace fairlead::agent {
namespace {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

void log(std::string_view line) {
  const std::string text = "fairlead-agent: " + std::string(line) + '\n';
  (void)!::write(STDERR_FILENO, text.data(), text.size());
}

// From whoever started us a program may have inherited signals that are ignored; its children must not.
void reset_signals() {
  // By the kernel's call and its own form (all zeros is SIG_DFL): the library refuses the two signals that it
  // keeps for itself, and they can be ignored too.
  constexpr std::array<std::uint64_t, 4> standard{};
  for (int number = 1; number < NSIG; ++number)
    (void)::syscall(SYS_rt_sigaction, number, standard.data(), nullptr, sizeof(std::uint64_t));
  struct sigaction action{};
  action.sa_handler = SIG_IGN;
  (void)::sigaction(SIGPIPE, &action, nullptr);  // a write says it with EPIPE
}

FileDescriptor open_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, number);
  (void)::sigprocmask(SIG_SETMASK, &set, nullptr);
  return FileDescriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

// How the box calls the agent's own file.
std::string own_path() {
  std::array<char, PATH_MAX> path;
  const auto size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return std::string(link::agent_path);
  return {path.data(), static_cast<std::size_t>(size)};
}

bool is_forwarding(std::string_view channel_type) {
  return channel_type.starts_with("direct-") || channel_type.starts_with("forwarded-") ||
         channel_type == "x11" || channel_type == "tun@openssh.com";
}

}  // namespace

Agent::Agent(LinkDescriptors descriptors, InternalPrograms internal, const char* const* environment)
    : link_(loop_, std::move(descriptors),
            {.on_event = [this](ssh::EngineEvent& event) { on_event(event); },
             .on_drained =
                 [this] {
                   for (auto& [channel, owner] : channels_) owner->on_writable();
                 }}),
      processes_(loop_),
      internal_(std::move(internal)),
      environment_(environment) {}

int Agent::run() {
  reset_signals();
  signals_ = open_signals();
  EventLoop::Watch signals(loop_, signals_.get(), [this](std::uint32_t) { on_signal(); });
  if (!signals.want(EPOLLIN) || !link_.start()) {
    log("the link is not a socket or a pipe");
    return 2;
  }
  while (!stop_ && !link_.ended()) {
    const bool idle_buffers = link_.holds_idle_buffers();
    const bool busy = loop_.run_once(idle_buffers ? std::optional(limits::buffers_kept) : std::nullopt);
    if (!busy && idle_buffers) link_.release_buffers();
    link_.flush();
  }
  processes_.end_all();
  if (!link_.reason().empty()) log("link: " + link_.reason());
  return link_.reason().empty() ? 0 : 1;
}

void Agent::on_signal() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
    if (info.ssi_signo != SIGCHLD) stop_ = true;
  processes_.reap();
}

void Agent::on_event(ssh::EngineEvent& event) {
  namespace happened = ssh::event;
  const auto with = [this](ssh::ChannelId channel, auto act) {
    if (const auto found = channels_.find(channel); found != channels_.end()) act(*found->second);
  };
  std::visit(
      Overloaded{
          [&](const happened::ChannelData& data) {
            with(data.channel, [&](ChannelOwner& it) { it.on_data(data.type, data.data); });
          },
          [&](const happened::Writable& writable) {
            if (writable.channel) with(*writable.channel, [](ChannelOwner& it) { it.on_writable(); });
          },
          [&](const happened::ChannelRequest& request) {
            with(request.channel, [&](ChannelOwner& it) { it.on_request(request); });
          },
          [&](const happened::ChannelEof& eof) { with(eof.channel, [](ChannelOwner& it) { it.on_eof(); }); },
          [&](const happened::ChannelClosed& closed) {
            link_.engine().close_channel(closed.channel);
            channels_.erase(closed.channel);
          },
          [&](const happened::ChannelOpen& open) { on_open(open); },
          [&](const happened::GlobalRequest& request) { on_global_request(request); },
          [](const auto&) {},  // answers to what the agent never asks, and the encrypted roles' events
      },
      event);
}

void Agent::on_global_request(const ssh::event::GlobalRequest& request) {
  if (request.name == link::setup_request) return on_setup(request);
  if (request.want_reply) link_.engine().reply_global(request.ticket, false);
}

void Agent::on_setup(const ssh::event::GlobalRequest& request) {
  const auto answer = [&](bool success, std::string_view sentence) {
    if (request.want_reply) link_.engine().reply_global(request.ticket, success, ssh::as_bytes(sentence));
  };
  if (box_) return answer(false, "This box has been set up already.");
  auto setup = link::Setup::decode(request.payload);
  if (!setup)
    return answer(false,
                  "The agent in this box does not understand the daemon: they are of different versions.");
  auto account = resolve_account(setup->user, AccountFiles::read());
  if (!account) return answer(false, account.error());
  box_ =
      Box{std::move(*setup), std::move(*account), inherited_environment(environment_), internal_, own_path()};
  answer(true, link_.data_sockets() ? link::takes_data_sockets : std::string_view{});
}

void Agent::on_open(const ssh::event::ChannelOpen& open) {
  auto& engine = link_.engine();
  using enum ssh::OpenFailure;
  if (is_forwarding(open.type))
    return engine.refuse_open(open.channel, administratively_prohibited, "port forwarding is not enabled");
  if (open.type != "session" && open.type != link::file_channel)
    return engine.refuse_open(open.channel, unknown_channel_type, "unknown channel type");
  if (!box_)
    return engine.refuse_open(open.channel, administratively_prohibited, "the box has not been set up");
  if (open.type == link::file_channel) return on_open_file(open);
  const Session::House house{loop_, link_, processes_, *box_};
  channels_.emplace(open.channel, std::make_unique<Session>(house, open.channel));
  engine.confirm_open(open.channel);
}

void Agent::on_open_file(const ssh::event::ChannelOpen& open) {
  auto& engine = link_.engine();
  ssh::WireReader reader(open.extra);
  const std::string_view path = reader.text();
  auto file = NewFile::create(reader.done() ? path : std::string_view{}, box_->account);
  if (!file) return engine.refuse_open(open.channel, ssh::OpenFailure::connect_failed, file.error());
  channels_.emplace(open.channel, std::make_unique<FileDelivery>(engine, open.channel, std::move(*file)));
  engine.confirm_open(open.channel);
}

}  // namespace fairlead::agent
