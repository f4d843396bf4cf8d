// SPDX-License-Identifier: Apache-2.0
// A container for each program, from its journal entry to its removal.
#include "backend/docker/container_host.hpp"

#include "backend/docker/bare_container.hpp"
#include "backend/docker/gated.hpp"
#include "backend/docker/login_files.hpp"
#include "backend/docker/removal.hpp"
#include "backend/docker/to_the_end.hpp"

#include <utility>

namespace fairlead::docker {
namespace {

class ContainerProgram final : public RunningProgram {
 public:
  struct Facts {
    std::unique_ptr<Lease> lease;
    http::Stream stream;
    bool terminal;
    std::shared_ptr<const config::Config> config;
  };
  explicit ContainerProgram(Facts facts)
      : RunningProgram(std::move(facts.stream), facts.terminal),
        lease_(std::move(facts.lease)),
        config_(std::move(facts.config)) {}

  [[nodiscard]] Task<> resize(ssh::TerminalSize size) override {
    return engine().resize(lease_->container(), size, in(config_->docker.window));
  }
  [[nodiscard]] Task<bool> signal(std::string name) override {
    co_await engine().kill(lease_->container(), std::move(name), in(config_->docker.signal));
    co_return true;
  }
  [[nodiscard]] Task<std::int64_t> exit_code() override {
    return engine().wait(lease_->container(), Deadline::max());
  }
  [[nodiscard]] Task<> end() override {
    stream().close();
    try {
      co_await to_the_end(lease_->remove(in(config_->docker.container_stop)));
    } catch (const std::exception&) {  // the lease tries it again
    }
  }

 private:
  [[nodiscard]] const Engine& engine() const { return lease_->engine().engine; }

  std::unique_ptr<Lease> lease_;
  std::shared_ptr<const config::Config> config_;
};

class ContainerHost final : public ProgramHost {
 public:
  ContainerHost(std::shared_ptr<Fleet> fleet, backend::Login login)
      : fleet_(std::move(fleet)), login_(std::move(login)) {}

  [[nodiscard]] Task<std::unique_ptr<RunningProgram>> start(NewExec program) override {
    auto way = gateway_of(*fleet_, login_);
    return to_the_end(through_gate(std::move(way), run(std::move(program))));
  }

 private:
  Task<std::unique_ptr<RunningProgram>> run(NewExec program) {
    const auto deadline = in(login_.config->docker.command_start);
    const auto terminal = program.terminal;
    BareContainer wish{fleet_, login_, std::move(program)};
    auto lease = co_await create_bare(std::move(wish), deadline);
    const Engine engine = lease->engine().engine;
    co_await upload_login_files(engine, lease->container(), login_);
    auto stream = co_await engine.attach(lease->container(), deadline);
    co_await engine.start(lease->container(), deadline);
    auto running = std::make_unique<ContainerProgram>(
        ContainerProgram::Facts{std::move(lease), std::move(stream), terminal.has_value(), login_.config});
    if (terminal) co_await try_resize(*running, *terminal, login_.log);
    co_return running;
  }

  std::shared_ptr<Fleet> fleet_;
  backend::Login login_;
};

}  // namespace

std::unique_ptr<ProgramHost> make_container_host(std::shared_ptr<Fleet> fleet, backend::Login login) {
  return std::make_unique<ContainerHost>(std::move(fleet), std::move(login));
}

}  // namespace fairlead::docker
