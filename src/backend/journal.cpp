// SPDX-License-Identifier: Apache-2.0
// What this daemon started: files in one directory, synced before the box exists.
#include "backend/journal.hpp"

#include "backend/backend.hpp"
#include "base/write_all.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>

namespace fairlead::backend {

namespace {

namespace fs = std::filesystem;

constexpr const char* user_text = "The server cannot start a box now. Please tell the administrator.";
constexpr std::string_view suffix = ".json";
constexpr std::uintmax_t largest_entry =
    std::uintmax_t{1} << 20;  // an engine's certificates, authorities and all; anything bigger is not ours

[[noreturn]] void fail(const std::string& what, const fs::path& path) {
  throw BackendError("cannot " + what + " " + path.string() + ": " + std::strerror(errno), user_text);
}

void make_directory(const fs::path& path) {
  std::error_code code;
  fs::create_directories(path, code);
  if (code)
    throw BackendError("cannot create the directory " + path.string() + ": " + code.message(), user_text);
}

// A killed daemon's last children share its lock until the kernel has ended them, too: not at once refused,
// then.
bool take(int lock) {
  constexpr int tries = 100;
  constexpr int pause_ms = 20;
  for (int i = 0; i < tries; ++i) {
    if (::flock(lock, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK && errno != EINTR) return false;
    ::poll(nullptr, 0, pause_ms);
  }
  return false;
}

// One Journal per directory and process: the lock belongs to the open file, so opening it twice would refuse
// ourselves.
struct Registry {
  std::mutex mutex;
  std::map<fs::path, std::weak_ptr<Journal>> journals;
};
Registry& registry() {
  static Registry instance;
  return instance;
}

}  // namespace

bool is_plain_name(const std::string& name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= 100 && std::ranges::all_of(name, plain);
}

fs::path state_directory(const std::string& configured) {
  if (!configured.empty()) return fs::absolute(configured);
  if (::geteuid() == 0) return "/var/lib/fairlead";
  if (const char* state = std::getenv("XDG_STATE_HOME"); state && *state == '/')
    return fs::path(state) / "fairlead";
  const char* home = std::getenv("HOME");
  return fs::path(home && *home == '/' ? home : "/tmp") / ".local/state/fairlead";
}

std::shared_ptr<Journal> Journal::open(const fs::path& state, const std::string& instance) {
  if (!is_plain_name(instance))
    throw BackendError("the instance name \"" + instance + "\" may only have letters, digits, '-' and '_'",
                       user_text);
  const auto directory = state / "journal" / instance;
  make_directory(directory);
  Registry& known = registry();
  const std::scoped_lock guard(known.mutex);
  auto& slot = known.journals[fs::canonical(directory)];
  if (auto journal = slot.lock()) return journal;

  const auto lock_file = directory / "lock";
  const int lock = ::open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) fail("open", lock_file);
  if (!take(lock)) {
    ::close(lock);
    throw BackendError("another fairlead runs with instance \"" + instance + "\" and state directory " +
                           state.string() + "; stop it, or give this one another `instance`",
                       user_text);
  }
  std::shared_ptr<Journal> journal(new Journal(directory, lock));
  journal->read_left_over();
  slot = journal;
  return journal;
}

Journal::Journal(fs::path directory, int lock) : directory_(std::move(directory)), lock_(lock) {
  directory_descriptor_ = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

Journal::~Journal() {
  if (directory_descriptor_ >= 0) ::close(directory_descriptor_);
  ::close(lock_);
}

void Journal::read_left_over() {
  for (const auto& file : fs::directory_iterator(directory_)) {
    const std::string name = file.path().filename();
    if (name == "lock") continue;
    const std::string id = name.substr(0, name.size() - std::min(name.size(), suffix.size()));
    boost::system::error_code code;
    boost::json::value value;
    if (name.ends_with(suffix) && is_plain_name(id) && file.is_regular_file() &&
        file.file_size() <= largest_entry) {
      std::ifstream in(file.path());
      value = boost::json::parse(std::string(std::istreambuf_iterator<char>(in), {}), code);
    }
    const auto* object = value.if_object();
    const auto* backend = object ? object->if_contains("backend") : nullptr;
    if (!backend || !backend->is_string()) {
      // Written as a whole or not at all, so this is the temporary file of a crash: its box was never begun.
      std::error_code ignored;
      fs::remove(file.path(), ignored);
      continue;
    }
    left_over_.push_back({id, std::string(backend->as_string()), *object});
    ids_.insert(id);
  }
}

void Journal::add(const Entry& entry, Survives survives) {
  if (!is_plain_name(entry.id)) throw BackendError("bad box id \"" + entry.id + "\"", user_text);
  {
    const std::scoped_lock guard(mutex_);
    if (!ids_.insert(entry.id).second)
      throw BackendError("box " + entry.id + " is in the journal already", user_text);
  }
  try {
    write(entry, survives);
  } catch (...) {
    ::unlink((directory_ / (entry.id + std::string(suffix))).c_str());
    const std::scoped_lock guard(mutex_);
    ids_.erase(entry.id);
    throw;
  }
}

bool Journal::note(const Entry& entry) noexcept {
  try {
    const std::scoped_lock guard(mutex_);
    if (!ids_.contains(entry.id)) return false;
    write(entry, Survives::process);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

void Journal::write(const Entry& entry, Survives survives) const {
  boost::json::object content = entry.details;
  content["backend"] = entry.backend;
  const std::string text = boost::json::serialize(content);
  const auto path = directory_ / (entry.id + std::string(suffix));
  const auto temporary = directory_ / (entry.id + ".new");
  try {
    const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) fail("create", temporary);
    struct Closer {
      int file;
      ~Closer() { ::close(file); }
    } closer{file};
    if (!write_all(file, ssh::as_bytes(text))) fail("write", temporary);
    const bool sync = survives == Survives::power_cut;
    if (sync && ::fdatasync(file) != 0) fail("sync", temporary);
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail("create", path);
    if (sync && ::fsync(directory_descriptor_) != 0) fail("sync", directory_);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

void Journal::remove(const std::string& id) {
  if (!is_plain_name(id)) return;
  const auto path = directory_ / (id + std::string(suffix));
  const std::scoped_lock guard(mutex_);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail("remove", path);
  ids_.erase(id);
  std::erase_if(left_over_, [&](const Entry& entry) { return entry.id == id; });
}

std::vector<Journal::Entry> Journal::left_over(const std::string& backend) const {
  const std::scoped_lock guard(mutex_);
  std::vector<Entry> found;
  std::ranges::copy_if(left_over_, std::back_inserter(found),
                       [&](const Entry& entry) { return entry.backend == backend; });
  return found;
}

std::vector<std::string> Journal::ids() const {
  const std::scoped_lock guard(mutex_);
  return {ids_.begin(), ids_.end()};
}

}  // namespace fairlead::backend
