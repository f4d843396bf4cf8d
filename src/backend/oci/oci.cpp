// SPDX-License-Identifier: Apache-2.0
// The OCI backend: coroutines around the blocking life of a box.
#include "backend/oci/oci.hpp"

#include "backend/agent_box.hpp"
#include "backend/oci/backend.hpp"
#include "backend/oci/failure.hpp"
#include "backend/oci/limits.hpp"

#include <sys/socket.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

namespace fairlead::backend::oci {

namespace {

namespace asio = ssh::asio;

// Libraries throw what they like; callers of a backend know BackendError.
template <class Work>
auto translated(Work work) {
  return [work = std::move(work)] {
    try {
      return work();
    } catch (const BackendError&) {
      throw;
    } catch (const std::exception& error) {
      throw failure(error.what());
    }
  };
}

// Enough to keep every core busy with runtimes while others wait for disks; a login storm queues here, not in
// the kernel.
std::size_t pool_threads() {
  return std::clamp<std::size_t>(std::size_t{2} * std::thread::hardware_concurrency(), 4, 32);
}

}  // namespace

class OciBackend::OciBox : public Box {
 public:
  OciBox(OciBackend& backend, std::shared_ptr<Container> container, AgentPeer peer)
      : backend_(backend), container_(std::move(container)), peer_(std::move(peer)) {}
  ~OciBox() override {
    peer_.connection.connection.close({ssh::Errc::connection_closed, "the box is dropped"});
    backend_.discard(container_);
  }

  ssh::AcceptedConnection& peer() override { return peer_.connection; }
  link::DescriptorSender* data_sockets() override {
    return peer_.data_sockets ? &*peer_.data_sockets : nullptr;
  }
  std::string id() const override { return container_->id(); }
  Task<> remove() override { return backend_.remove(container_); }
  Task<std::string> end_reason() override { return backend_.end_reason(container_); }

 private:
  OciBackend& backend_;
  std::shared_ptr<Container> container_;
  AgentPeer peer_;
};

// Holds a box that is being launched: whatever ends the launch, a cancelled login included, ends the box.
class OciBackend::Launching {
 public:
  Launching(OciBackend& backend, std::shared_ptr<Container> container)
      : backend_(backend), container_(std::move(container)) {}
  ~Launching() {
    if (container_) backend_.discard(container_);
  }
  Launching(const Launching&) = delete;
  Launching& operator=(const Launching&) = delete;
  std::shared_ptr<Container> release() { return std::move(container_); }

 private:
  OciBackend& backend_;
  std::shared_ptr<Container> container_;
};

OciBackend::OciBackend(const config::Config& config, observe::Log log)
    : config_(std::make_shared<const config::Config>(config)),
      log_(std::move(log)),
      image_pool_(2),
      pool_(pool_threads()) {}

OciBackend::~OciBackend() {
  {
    const std::scoped_lock guard(mutex_);
    stopping_ = true;
  }
  watch_.notify_all();
}

Task<> OciBackend::prepare() {
  auto work = [this] {
    auto host = Host::prepare(*config_, log_);
    if (on_step) host->on_step = on_step;
    host->remove_left_over();
    if (!config_->oci.image.empty())
      (void)host->images->get(config_->oci.image, host->ids->map(config_->oci.user_namespace));
    host_ = std::move(host);
    watcher_ = std::jthread([this] { watch_disk(); });
  };
  co_await pool_.run(translated(std::move(work)));
}

Task<std::shared_ptr<const Image>> OciBackend::image(std::shared_ptr<const config::Config> config) {
  const IdMap map = host_->ids->map(config->oci.user_namespace);
  if (auto known = host_->images->find(config->oci.image, map)) co_return known;
  auto work = [host = host_, config, map] { return host->images->get(config->oci.image, map); };
  co_return co_await image_pool_.run(translated(std::move(work)));
}

Task<std::unique_ptr<Box>> OciBackend::launch(Login login) {
  if (!host_) throw failure("the backend is not prepared");
  const auto executor = co_await asio::this_coro::executor;
  const std::shared_ptr<const config::Config> config = login.config;
  auto place = take_place(login);
  const std::shared_ptr<const Image> image = co_await this->image(config);

  boost::json::object labels{{"connectionId", login.connection_id},
                             {"user", login.user},
                             {"ip", login.remote_address},
                             {"instance", host_->instance}};
  auto container = std::make_shared<Container>(host_, new_box_id(), std::move(labels));
  container->hold(std::move(place));
  {
    const std::scoped_lock guard(mutex_);
    if (stopping_) throw failure("the backend is shutting down", "The server is shutting down.");
    boxes_.insert(container);
  }
  watch_.notify_all();
  Launching launching(*this, container);

  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
    throw system_failure("make a link to the agent", errno);
  FileDescriptor ours(pair[0]);
  auto theirs = std::make_shared<FileDescriptor>(pair[1]);
  auto work = [container, config, image, theirs] {
    container->start(*image, config->oci, std::move(*theirs));
  };
  co_await pool_.run(translated(std::move(work)));

  asio::generic::stream_protocol::socket stream(executor);
  stream.assign(asio::generic::stream_protocol(AF_UNIX, 0), ours.release());
  config::Programs programs = config->oci.programs;
  if (programs.user.empty()) programs.user = image->config.user;
  if (programs.working_directory.empty()) programs.working_directory = image->config.working_directory;
  Greeting greeting{make_setup(login, programs, image->config.environment), login, config->oci.start_timeout};
  AgentPeer peer = co_await greet_agent(std::move(stream), AgentLink::local, std::move(greeting));
  co_return std::make_unique<OciBox>(*this, launching.release(), std::move(peer));
}

Task<> OciBackend::remove(std::shared_ptr<Container> container) {
  auto work = [container] { container->remove(); };
  co_await pool_.run(translated(std::move(work)));
  forget(container);
}

Task<std::string> OciBackend::end_reason(std::shared_ptr<Container> container) {
  auto work = [container] { return container->end_reason(); };
  co_return co_await pool_.run(translated(std::move(work)));
}

void OciBackend::forget(const std::shared_ptr<Container>& container) {
  container->drop_held();
  const std::scoped_lock guard(mutex_);
  boxes_.erase(container);
}

void OciBackend::discard(std::shared_ptr<Container> container) {
  pool_.post([this, container = std::move(container)] {
    try {
      container->remove();
      forget(container);
    } catch (const BackendError& error) {
      log_.error("OCI_REMOVE_FAILED", error.what(), {{"box", container->id()}});
    }
  });
}

Task<> OciBackend::shutdown() {
  std::vector<std::shared_ptr<Container>> left;
  {
    const std::scoped_lock guard(mutex_);
    stopping_ = true;
    left.assign(boxes_.begin(), boxes_.end());
  }
  watch_.notify_all();
  for (const auto& container : left) {
    try {
      co_await remove(container);
    } catch (const BackendError& error) {
      log_.error("OCI_REMOVE_FAILED", error.what(), {{"box", container->id()}});
    }
  }
  auto work = [host = host_] {
    if (host) host->cgroups.remove_empty("/fairlead/" + host->instance);
  };
  co_await pool_.run(translated(std::move(work)));
}

void OciBackend::watch_disk() {
  for (;;) {
    std::vector<std::shared_ptr<Container>> running;
    {
      std::unique_lock guard(mutex_);
      // Without boxes there is nothing to look at, and nothing wakes up.
      watch_.wait(guard, [this] { return stopping_ || !boxes_.empty(); });
      if (watch_.wait_for(guard, limits::disk_watch, [this] { return stopping_; })) return;
      running.assign(boxes_.begin(), boxes_.end());
    }
    if (!running.empty()) end_greedy_boxes(running);
  }
}

void OciBackend::end_greedy_boxes(const std::vector<std::shared_ptr<Container>>& running) const {
  struct statvfs status{};
  const bool known = ::statvfs(host_->boxes.c_str(), &status) == 0;
  const bool nearly_full = known && status.f_bavail * status.f_frsize < limits::free_disk_reserve;
  std::shared_ptr<Container> greediest;
  std::uint64_t most = 0;
  for (const auto& container : running) {
    if (!container->disk_needs_watching() && !nearly_full) continue;
    const std::uint64_t used = container->disk_used();
    if (container->disk_needs_watching() && used > container->disk_limit()) {
      log_.warning("OCI_DISK_LIMIT", "A box wrote more than it may and was ended.",
                   {{"box", container->id()}});
      container->end("The box used more disk space than it may.");
    } else if (used > most) {
      most = used;
      greediest = container;
    }
  }
  // The one that filled it, not the many that merely live beside it.
  if (nearly_full && greediest && most > limits::free_disk_reserve) {
    log_.error("OCI_DISK_FULL", "The disk is nearly full: the box that uses most was ended.",
               {{"box", greediest->id()}});
    greediest->end("The server's disk is full, and the box used most of it.");
  }
}

std::unique_ptr<Backend> make_oci_backend(const config::Config& config, observe::Log log) {
  return std::make_unique<OciBackend>(config, std::move(log));
}

}  // namespace fairlead::backend::oci
