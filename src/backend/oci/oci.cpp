// SPDX-License-Identifier: Apache-2.0
// The OCI backend: coroutines around the blocking life of a box.
#include "backend/oci/oci.hpp"

#include "backend/agent_box.hpp"
#include "backend/oci/backend.hpp"
#include "backend/oci/failure.hpp"
#include "backend/oci/limits.hpp"
#include "backend/pool_limits.hpp"
#include "backend/ready_box.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

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

class OciBackend::OciBox final : public Box {
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

// A started container whose agent waits. Whatever ends a launch, a cancelled login included, ends the box.
class OciBackend::OciReadyBox final : public ReadyBox {
 public:
  OciReadyBox(OciBackend& backend, std::shared_ptr<Container> container, std::shared_ptr<const Image> image)
      : backend_(backend), container_(std::move(container)), image_(std::move(image)) {}
  ~OciReadyBox() override {
    if (container_) backend_.discard(container_);
  }
  OciReadyBox(const OciReadyBox&) = delete;
  OciReadyBox& operator=(const OciReadyBox&) = delete;

  Task<> start(std::shared_ptr<const config::Config> config);
  [[nodiscard]] std::string id() const override { return container_->id(); }
  [[nodiscard]] int link() const noexcept override { return link_.get(); }
  [[nodiscard]] bool is_current() const override { return backend_.known_image(*config_) == image_; }
  void hold(std::shared_ptr<void> held) override { container_->hold(std::move(held)); }
  [[nodiscard]] Task<std::unique_ptr<Box>> claim(const Login& login) override {
    container_->note_login(login);
    return greet(login, backend::limits::claim_answer);
  }
  // `answer` as in Greeting.
  [[nodiscard]] Task<std::unique_ptr<Box>> greet(const Login& login, std::chrono::nanoseconds answer);

 private:
  OciBackend& backend_;
  std::shared_ptr<Container> container_;
  const std::shared_ptr<const Image> image_;
  std::shared_ptr<const config::Config> config_;
  FileDescriptor link_;
};

Task<> OciBackend::OciReadyBox::start(std::shared_ptr<const config::Config> config) {
  config_ = std::move(config);
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
    throw system_failure("make a link to the agent", errno);
  link_ = FileDescriptor(pair[0]);
  auto theirs = std::make_shared<FileDescriptor>(pair[1]);
  auto work = [container = container_, config = config_, image = image_, theirs] {
    container->start(*image, config->oci, std::move(*theirs));
  };
  co_await backend_.pool_.run(translated(std::move(work)));
}

Task<std::unique_ptr<Box>> OciBackend::OciReadyBox::greet(const Login& login,
                                                          std::chrono::nanoseconds answer) {
  auto stream = open_link(co_await asio::this_coro::executor, link_);
  config::Programs programs = login.config->oci.programs;
  if (programs.user.empty()) programs.user = image_->config.user;
  if (programs.working_directory.empty()) programs.working_directory = image_->config.working_directory;
  Greeting greeting{make_setup(login, programs, image_->config.environment), login,
                    login.config->oci.start_timeout, answer};
  AgentPeer peer = co_await greet_agent(std::move(stream), AgentLink::local, std::move(greeting));
  co_return std::make_unique<OciBox>(backend_, std::move(container_), std::move(peer));
}

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
  warm_ = std::make_shared<Pool>(co_await asio::this_coro::executor, log_);
}

void OciBackend::keep_ready(std::shared_ptr<const config::Config> file) {
  if (warm_) warm_->keep(file ? recipe_of(std::move(file)) : std::nullopt);
}

// All that Container looks at. What image it is counts when a box is claimed (is_current).
std::optional<Recipe> OciBackend::recipe_of(std::shared_ptr<const config::Config> config) {
  const config::Oci& oci = config->oci;
  if (oci.pool.size == 0 || oci.image.empty()) return std::nullopt;
  const boost::json::array shape{
      oci.image,           oci.network,  oci.read_only_root,
      oci.user_namespace,  oci.hostname, boost::json::array(oci.mounts.begin(), oci.mounts.end()),
      shape_of(oci.limits)};
  Recipe recipe;
  recipe.digest = recipe_digest(boost::json::serialize(shape));
  recipe.settings = oci.pool;
  recipe.make = [this, config = std::move(config)] { return make_ahead(config); };
  return recipe;
}

Task<std::unique_ptr<ReadyBox>> OciBackend::make_ahead(std::shared_ptr<const config::Config> config) {
  Order nobodys;
  co_return co_await make(std::move(config), std::move(nobodys));
}

std::shared_ptr<const Image> OciBackend::known_image(const config::Config& config) const {
  return host_->images->find(config.oci.image, host_->ids->map(config.oci.user_namespace));
}

Task<std::shared_ptr<const Image>> OciBackend::image(std::shared_ptr<const config::Config> config,
                                                     ProgressSink progress) {
  if (auto known = known_image(*config)) co_return known;
  if (progress) progress({});  // how much there is to get, only skopeo knows
  const IdMap map = host_->ids->map(config->oci.user_namespace);
  auto work = [host = host_, config, map] { return host->images->get(config->oci.image, map); };
  co_return co_await image_pool_.run(translated(std::move(work)));
}

Task<std::unique_ptr<OciBackend::OciReadyBox>> OciBackend::make(std::shared_ptr<const config::Config> config,
                                                                Order order) {
  if (!host_) throw failure("the backend is not prepared");
  auto image = co_await this->image(config, std::move(order.progress));
  order.labels["instance"] = host_->instance;
  auto container = std::make_shared<Container>(host_, new_box_id(), std::move(order.labels));
  container->hold(std::move(order.place));
  {
    const std::scoped_lock guard(mutex_);
    if (stopping_) throw failure("the backend is shutting down", "The server is shutting down.");
    boxes_.insert(container);
  }
  watch_.notify_all();
  auto ready = std::make_unique<OciReadyBox>(*this, std::move(container), std::move(image));
  co_await ready->start(std::move(config));
  co_return ready;
}

Task<std::unique_ptr<Box>> OciBackend::launch(Login login) {
  if (auto recipe = warm_ ? recipe_of(login.config) : std::nullopt) {
    auto claimed = co_await warm_->claim(std::move(*recipe), login);
    if (claimed) co_return claimed;
  }
  Order order;
  order.place = take_place(login);
  order.progress = login.progress;
  add_login(order.labels, login);
  auto ready = co_await make(login.config, std::move(order));
  constexpr std::chrono::nanoseconds as_long_as_all{0};
  co_return co_await ready->greet(login, as_long_as_all);
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

Task<> OciBackend::remove_left(std::shared_ptr<Container> container) {
  try {
    co_await remove(container);
  } catch (const BackendError& error) {
    log_.error("OCI_REMOVE_FAILED", error.what(), {{"box", container->id()}});
  }
}

Task<> OciBackend::shutdown() {
  std::vector<std::unique_ptr<ReadyBox>> waiting;
  if (warm_) waiting = co_await warm_->shutdown();
  std::vector<std::shared_ptr<Container>> left;
  {
    const std::scoped_lock guard(mutex_);
    stopping_ = true;
    left.assign(boxes_.begin(), boxes_.end());
  }
  watch_.notify_all();
  ssh::TaskScope removing(co_await asio::this_coro::executor);
  for (auto& container : left) removing.spawn(remove_left(std::move(container)));
  co_await removing.join();
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
