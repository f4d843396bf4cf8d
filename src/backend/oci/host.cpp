// SPDX-License-Identifier: Apache-2.0
// Finds out what this machine allows by doing it once.
#include "backend/oci/host.hpp"

#include "backend/agent_box.hpp"
#include "backend/oci/failure.hpp"
#include "backend/oci/limits.hpp"
#include "backend/oci/sha256.hpp"
#include "backend/oci/tree.hpp"
#include "link/agent_link.hpp"

#include <boost/json/serialize.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <vector>

namespace fairlead::backend::oci {

namespace {

namespace fs = std::filesystem;

void make_directory(const fs::path& path, mode_t mode, std::optional<gid_t> group = {}) {
  std::error_code code;
  fs::create_directories(path, code);
  if (code) throw failure("cannot create " + path.string() + ": " + code.message());
  if (::chmod(path.c_str(), mode) != 0 ||
      (group && ::chown(path.c_str(), static_cast<uid_t>(-1), *group) != 0))
    throw system_failure("set up " + path.string(), errno);
}

// A box's root is nobody on the host: it must be able to walk to its own directory.
void check_way(const fs::path& directory) {
  for (fs::path path = fs::canonical(directory); path != path.root_path(); path = path.parent_path()) {
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0 && (status.st_mode & S_IXOTH) == 0)
      throw failure("boxes cannot enter " + path.string() +
                    ", which is on the way to the state directory; allow it (chmod o+x " + path.string() +
                    ") or choose another stateDirectory");
  }
}

// By content, so that a newer agent does not change under running boxes.
fs::path install_agent(const fs::path& state, const std::string& source) {
  std::ifstream in(source, std::ios::binary);
  const std::string program{std::istreambuf_iterator<char>(in), {}};
  if (program.empty()) throw failure("the agent program " + source + " cannot be read");
  const fs::path directory = state / "agent" / sha256_hex(program).substr(0, 16);
  const fs::path target = directory / "agent";
  make_directory(state / "agent", 0711);
  make_directory(directory, 0711);
  std::error_code code;
  if (fs::file_size(target, code) == program.size() && !code) return target;
  fs::path temporary = target;
  temporary += "." + std::to_string(::getpid());
  std::ofstream(temporary, std::ios::binary) << program << std::flush;
  if (::chmod(temporary.c_str(), 0755) != 0 || ::rename(temporary.c_str(), target.c_str()) != 0)
    throw system_failure("copy the agent to " + target.string(), errno);
  return target;
}

// A directory of one trial, gone afterwards.
class Scratch {
 public:
  Scratch(const Ids& ids, const fs::path& parent, const std::string& name) : ids_(ids), path_(parent / name) {
    remove();
    make_directory(path_, 0711);
  }
  ~Scratch() {
    try {
      remove();
    } catch (const BackendError&) {  // the next start removes it
    }
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const fs::path& path() const noexcept { return path_; }

 private:
  void remove() {
    ids_.fork([this]() -> std::string {
          const int error = remove_tree(path_.string());
          return error ? std::strerror(error) : "";
        })
        .finish("remove " + path_.string(), start_failed);
  }
  const Ids& ids_;
  fs::path path_;
};

bool unified_cgroups() {
  struct statfs status{};
  constexpr auto cgroup2_magic = 0x63677270;
  return ::statfs("/sys/fs/cgroup", &status) == 0 && status.f_type == cgroup2_magic;
}

}  // namespace

std::shared_ptr<Host> Host::prepare(const config::Config& config, const observe::Log& log) {
  auto host = std::make_shared<Host>();
  host->log = log;
  host->instance = config.instance;
  const fs::path state = state_directory(config.state_directory);
  make_directory(state, 0711);
  host->journal = Journal::open(state, config.instance);
  host->ids = Ids::detect();
  host->cgroups = Cgroups::detect();
  const IdMap map = host->ids->map(true);
  const std::optional<gid_t> group = host->ids->root() ? std::optional<gid_t>(map.gid(0)) : std::nullopt;
  make_directory(state / "boxes", 0711);
  host->boxes = state / "boxes" / config.instance;
  make_directory(host->boxes, 0710, group);
  if (host->ids->root()) check_way(state);
  host->agent = install_agent(state, find_agent(config));
  host->images = std::make_unique<ImageStore>(state / "images", host->ids, log);
  host->images->clean();
  host->roots = std::make_unique<BoxRoots>(host->ids, state / "images");
  {
    const Scratch scratch(*host->ids, host->boxes, "trial");
    host->roots->probe(scratch.path());
  }
  host->find_runtime(config);
  host->report();
  return host;
}

void Host::find_runtime(const config::Config& config) {
  std::vector<std::string> candidates{config.oci.runtime};
  if (config.oci.runtime.empty() || config.oci.runtime == "auto") candidates = {"crun", "runc"};
  std::string problems;
  // What can be done without, the least missed first.
  const bool unified = unified_cgroups();
  const HostAbilities all{
      .limits = true, .swap_limit = true, .cgroup_namespace = true, .cgroup_mount = unified};
  std::vector<HostAbilities> tries{all, all, all};
  tries[1].swap_limit = false;
  tries[2].limits = tries[2].swap_limit = tries[2].cgroup_namespace = tries[2].cgroup_mount = false;
  for (const auto& tried : tries) {
    for (const auto& name : candidates) {
      const std::string program = find_program(name);
      const std::string problem = program.empty() ? name + " is not installed" : try_runtime(program, tried);
      if (problem.empty()) {
        runtime.emplace(program, ids->user_namespace());
        abilities = tried;
        return;
      }
      log.debug("OCI_RUNTIME_REFUSED", "A runtime does not work here.",
                {{"runtime", name}, {"reason", problem}});
      if (&tried == &tries.front()) problems += (problems.empty() ? "" : "; ") + problem;
    }
  }
  throw failure("no container runtime works here (Debian: runc or crun): " + problems);
}

std::string Host::try_runtime(const std::string& program, const HostAbilities& tried) const {
  const std::string id = "fairlead-" + instance + "-trial";
  try {
    const Scratch scratch(*ids, boxes, "trial");
    const BoxFiles files{scratch.path()};
    const fs::path image = scratch.path() / "image";
    make_directory(image, 0755);
    config::Oci oci;
    const IdMap map = ids->map(true);
    BoxSpec spec{.id = id,
                 .root = files.root(),
                 .agent = agent,
                 .files = files.box,
                 .cgroup = {},
                 .arguments = {std::string(link::agent_path), "--version"},
                 .ids = map,
                 .abilities = tried,
                 .oci = oci};
    if (tried.limits) spec.cgroup = "/fairlead/" + instance + "/trial";
    for (const char* name : {"resolv.conf", "hosts", "hostname"}) std::ofstream(files.box / name) << "\n";
    std::ofstream(files.config()) << boost::json::serialize(runtime_config(spec)) << std::flush;
    const Runtime tried_runtime(program, ids->user_namespace());
    std::string problem;
    try {
      const int status = tried_runtime.run_box(files, id, roots->build(files.box, image, map, std::nullopt));
      if (status != 0) problem = program + ": the agent ended with status " + std::to_string(status);
    } catch (const BackendError& error) {
      problem = error.what();
    }
    tried_runtime.remove_box(files, id);
    if (!spec.cgroup.empty()) (void)cgroups.remove(spec.cgroup);
    return problem;
  } catch (const BackendError& error) {
    return error.what();
  }
}

void Host::report() const {
  std::string missing;
  const auto add = [&](const std::string& what) {
    if (!what.empty()) missing += (missing.empty() ? "" : "; ") + what;
  };
  add(ids->shortcoming());
  add(roots->abilities().shortcoming);
  if (!abilities.limits)
    add("no control groups for us: memory and CPU of a box are not limited, its processes by RLIMIT_NPROC");
  else if (!abilities.swap_limit)
    add("the kernel does not count swap: a memory limit does not bound it");
  if (!roots->abilities().volumes)
    add("no loop devices for us: a box that writes more than its disk limit is ended instead of getting 'no "
        "space'");
  log.notice("OCI_READY", "Boxes are run by " + runtime->program() +
                              (ids->root() ? " as root" : " without privileges") + ".");
  if (!missing.empty()) log.warning("OCI_REDUCED", "This host does not allow everything: " + missing + ".");
}

std::string Host::cgroup(const std::string& id) const {
  return abilities.limits ? "/fairlead/" + instance + "/" + id : std::string();
}

void Host::remove_left_over() {
  std::set<std::string> left;
  for (const auto& entry : journal->left_over("oci")) left.insert(entry.id);
  // The instance's directory is ours alone (the journal's lock), so what is in it is left over or alive and
  // in the journal: another backend of this process may have begun already.
  const auto known = journal->ids();
  for (const auto& entry : fs::directory_iterator(boxes)) {
    const std::string name = entry.path().filename();
    if (is_plain_name(name) && std::ranges::find(known, name) == known.end()) left.insert(name);
  }
  for (const auto& id : left) {
    try {
      remove_box(*this, id);
      log.notice("OCI_LEFTOVER_REMOVED", "Removed a box that an earlier run had left.", {{"box", id}});
    } catch (const BackendError& error) {
      log.error("OCI_LEFTOVER_STAYS",
                std::string("Cannot remove a box that an earlier run had left: ") + error.what(),
                {{"box", id}});
    }
  }
}

void remove_box(const Host& host, const std::string& id) {
  const BoxFiles files{host.boxes / id};
  host.on_step("remove");
  const bool known = host.runtime->remove_box(files, id);
  host.on_step("remove groups");
  if (!host.cgroups.remove(host.cgroup(id))) throw failure("processes of box " + id + " do not end");
  if (!known) throw failure("the runtime cannot remove box " + id);
  host.on_step("remove files");
  // The box's own programs have made these files: removed where their owners exist, and not in this process'
  // memory.
  if (host.ids->root()) {
    if (const int error = remove_tree(files.box.string()))
      throw system_failure("remove " + files.box.string(), error);
  } else {
    host.ids
        ->fork([&]() -> std::string {
          const int error = remove_tree(files.box.string());
          return error ? std::strerror(error) : "";
        })
        .finish("remove " + files.box.string(), start_failed);
  }
  host.on_step("remove entry");
  host.journal->remove(id);
  host.on_step("removed");
}

}  // namespace fairlead::backend::oci
