// SPDX-License-Identifier: Apache-2.0
// The life of one box.
#include "backend/oci/container.hpp"

#include "backend/oci/failure.hpp"
#include "backend/oci/limits.hpp"
#include "backend/oci/tree.hpp"
#include "backend/ready_box.hpp"
#include "crypto/random.hpp"
#include "link/agent_link.hpp"

#include <boost/json/serialize.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>

namespace fairlead::backend::oci {

namespace {

namespace fs = std::filesystem;

void write_text(const fs::path& path, std::string_view text) {
  const FileDescriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw system_failure("write " + path.string(), errno);
}

void check_free_disk(const fs::path& directory) {
  struct statvfs status{};
  if (::statvfs(directory.c_str(), &status) != 0) return;
  if (status.f_bavail * status.f_frsize < limits::free_disk_to_start ||
      (status.f_files && status.f_favail == 0))
    throw failure("no free disk space for a box in " + directory.string(), disk_full);
}

}  // namespace

std::string new_box_id() {
  constexpr std::size_t bytes = 12;
  return "fairlead-" + ssh::random_hex(bytes);
}

void Container::start(const Image& image, const config::Oci& oci, FileDescriptor link) {
  const std::scoped_lock guard(mutex_);
  check_free_disk(host_->boxes);
  host_->on_step("journal");
  // A power cut ends every box, and its directory is found without an entry: remove_left_over().
  host_->journal->add({id_, "oci", labels_}, Journal::Survives::process);
  made_ = true;
  try {
    build(image, oci, std::move(link));
  } catch (...) {
    kill();
    try {
      remove_box(*host_, id_);
      made_ = false;
    } catch (const BackendError& error) {
      host_->log.error("OCI_REMOVE_FAILED", error.what(), {{"box", id_}});
    }
    throw;
  }
}

void Container::note_login(const Login& login) {
  add_login(labels_, login);
  (void)host_->journal->note({id_, "oci", labels_});
}

void Container::build(const Image& image, const config::Oci& oci, FileDescriptor link) {
  const BoxFiles files{host_->boxes / id_};
  const IdMap map = host_->ids->map(oci.user_namespace);
  host_->on_step("directory");
  if (::mkdir(files.box.c_str(), 0710) != 0) throw system_failure("create " + files.box.string(), errno);
  if (host_->ids->root() && ::chown(files.box.c_str(), 0, map.gid(0)) != 0)
    throw system_failure("set up " + files.box.string(), errno);
  host_->on_step("root");
  BoxRoots::Plan plan = host_->roots->build(files.box, image.root, map, oci.limits.disk);
  if (oci.limits.disk && !plan.loop) watched_limit_ = *oci.limits.disk;

  host_->on_step("configuration");
  std::optional<UserNetwork> network;
  if (oci.network == "user") network = UserNetwork::detect();
  write_files(oci, network ? &*network : nullptr);
  const BoxSpec spec{.id = id_,
                     .root = files.root(),
                     .agent = host_->agent,
                     .files = files.box,
                     .cgroup = host_->cgroup(id_),
                     .arguments = {std::string(link::agent_path), "serve", "--fd", "3"},
                     .ids = map,
                     .abilities = host_->abilities,
                     .oci = oci};
  write_text(files.config(), boost::json::serialize(runtime_config(spec)));

  host_->on_step("runtime");
  const pid_t pid = host_->runtime->start_box(files, id_, std::move(plan), link.get());
  init_ = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!init_) throw system_failure("watch box " + id_, errno);
  host_->on_step("network");
  if (network) network_ = network->attach(pid, host_->ids->user_namespace());
  host_->on_step("started");
}

void Container::write_files(const config::Oci& oci, const UserNetwork* network) const {
  const fs::path box = host_->boxes / id_;
  write_text(box / "resolv.conf", resolv_conf(oci.network, network));
  write_text(box / "hostname", oci.hostname + "\n");
  write_text(box / "hosts", "127.0.0.1\tlocalhost " + oci.hostname + "\n::1\tlocalhost ip6-localhost\n");
}

void Container::kill() noexcept {
  network_.process.kill();
  if (!init_) return;
  // The init of a pid namespace takes every process in it along.
  ::syscall(SYS_pidfd_send_signal, init_.get(), SIGKILL, nullptr, 0);
  (void)wait_for_exit(init_.get(), limits::box_exit);
  // Ours to reap only when we are process 1 or a subreaper.
  siginfo_t info{};
  ::waitid(P_PIDFD, static_cast<id_t>(init_.get()), &info, WEXITED | WNOHANG);
}

void Container::end(std::string reason) {
  const std::scoped_lock guard(mutex_);
  if (reason_.empty()) reason_ = std::move(reason);
  kill();
}

void Container::remove() {
  const std::scoped_lock guard(mutex_);
  if (!made_) return;
  // The groups go with the box, so what they know is asked before.
  if (reason_.empty() && host_->cgroups.out_of_memory(host_->cgroup(id_)))
    reason_ = "The box ran out of memory.";
  ended_by_us_ = true;
  kill();
  remove_box(*host_, id_);
  init_.reset();
  made_ = false;
}

void Container::hold(std::shared_ptr<void> held) {
  const std::scoped_lock guard(mutex_);
  held_.swap(held);
}

std::string Container::end_reason() const {
  const std::scoped_lock guard(mutex_);
  if (!reason_.empty()) return reason_;
  if (host_->cgroups.out_of_memory(host_->cgroup(id_))) return "The box ran out of memory.";
  // The agent is gone, and nobody here asked it to.
  if (!ended_by_us_ && init_ && wait_for_exit(init_.get(), std::chrono::milliseconds(100)))
    return "The box was ended.";
  return {};
}

std::uint64_t Container::disk_used() const {
  const fs::path box = host_->boxes / id_;
  std::uint64_t blocks = 0;
  std::error_code code;
  // Files that the daemon may not look at are missing from the sum: the host's free space is watched besides.
  for (auto entry =
           fs::recursive_directory_iterator(box, fs::directory_options::skip_permission_denied, code);
       entry != fs::recursive_directory_iterator(); entry.increment(code)) {
    if (code) break;
    struct stat status{};
    if (::lstat(entry->path().c_str(), &status) == 0) blocks += static_cast<std::uint64_t>(status.st_blocks);
  }
  return blocks * 512;
}

}  // namespace fairlead::backend::oci
