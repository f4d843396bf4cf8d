// SPDX-License-Identifier: Apache-2.0
// What this daemon started: one small file per box, written before anything of the box exists and removed
// when nothing of it is left. What a crash left is read at the next start. Shared by all backends;
// thread-safe; calls block on the disk.
#pragma once

#include <boost/json/object.hpp>

#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace fairlead::backend {

// Throws BackendError (backend.hpp).
class Journal {
 public:
  struct Entry {
    std::string id;       // file name: letters, digits, '-', '_', at most 100
    std::string backend;  // "oci", "docker": who knows how to remove it
    boost::json::object details;
  };

  // The journal of `<state>/journal/<instance>`. All backends of one process share it; a second process with
  // the same instance is refused while this one lives. Other instances' entries are never read.
  [[nodiscard]] static std::shared_ptr<Journal> open(const std::filesystem::path& state,
                                                     const std::string& instance);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // What an entry survives. A process' death needs no sync, the page cache outlives it; a power cut does: for
  // what would outlive the power cut, too, and cannot be found in any other way.
  enum class Survives { process, power_cut };
  // Written as a whole when this returns. An id that is there already is refused.
  void add(const Entry& entry, Survives survives = Survives::power_cut);
  // Takes the place of the entry that is there, for who reads it. Whether it did; the old one stays else.
  bool note(const Entry& entry) noexcept;
  // No-op when there is none.
  void remove(const std::string& id);
  // What an earlier process left for `backend` and nobody has removed yet.
  [[nodiscard]] std::vector<Entry> left_over(const std::string& backend) const;
  // Everything in the journal now, for tests and for `shutdown`.
  [[nodiscard]] std::vector<std::string> ids() const;
  [[nodiscard]] const std::filesystem::path& directory() const noexcept { return directory_; }

 private:
  Journal(std::filesystem::path directory, int lock);
  void read_left_over();
  void write(const Entry& entry, Survives survives) const;

  std::filesystem::path directory_;
  int lock_;  // flock, held as long as this lives
  int directory_descriptor_ = -1;
  mutable std::mutex mutex_;
  std::vector<Entry> left_over_;
  std::set<std::string> ids_;
};

// Whether `name` may be an instance or box id: it becomes a file name, a label and a cgroup.
[[nodiscard]] bool is_plain_name(const std::string& name);
// Where state lives: the configured directory, or the default for this user.
[[nodiscard]] std::filesystem::path state_directory(const std::string& configured);

}  // namespace fairlead::backend
