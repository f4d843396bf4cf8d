// SPDX-License-Identifier: Apache-2.0
// Which host ids a box's ids are, and the user namespace in which an unprivileged daemon handles files of
// such ids.
#pragma once

#include "base/file_descriptor.hpp"

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace fairlead::backend::oci {

// Ids 0 … count-1 of a box are `first` … on the host side, where "host" is what a process of Ids::fork()
// sees.
struct IdMap {
  bool namespaced = false;
  std::uint32_t first_uid = 0, first_gid = 0;
  std::uint32_t count = 0;
  // Id 0 is a range of its own in the namespace above (our own id): the kernel wants ranges that do not cross
  // such borders.
  bool first_alone = false;

  // An id of an image as it must be on disk. Ids outside the map become the overflow id, or root when only
  // one is mapped.
  [[nodiscard]] std::uint32_t uid(std::int64_t id) const noexcept { return map(id, first_uid); }
  [[nodiscard]] std::uint32_t gid(std::int64_t id) const noexcept { return map(id, first_gid); }
  // Names the map in the image store: trees with different owners are different trees.
  [[nodiscard]] std::string tag() const;

 private:
  [[nodiscard]] std::uint32_t map(std::int64_t id, std::uint32_t first) const noexcept;
};

class Ids {
 public:
  // Finds out what this process may do. Throws BackendError with a sentence for the operator when the kernel
  // refuses user namespaces to an unprivileged user.
  [[nodiscard]] static std::shared_ptr<const Ids> detect();

  [[nodiscard]] bool root() const noexcept { return !namespace_; }
  // Of root's boxes with and without a user namespace; an unprivileged daemon's always have one.
  [[nodiscard]] IdMap map(bool user_namespace) const;
  // What start() joins before it runs anything: -1 as root.
  [[nodiscard]] int user_namespace() const noexcept { return namespace_.get(); }
  // For the log when something is missing, else empty.
  [[nodiscard]] const std::string& shortcoming() const noexcept { return shortcoming_; }

  // A copy of this process that does one piece of work; killed and reaped when dropped.
  class Child {
   public:
    Child(pid_t pid, FileDescriptor report) : pid_(pid), report_(std::move(report)) {}
    Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)), report_(std::move(other.report_)) {}
    Child& operator=(Child&&) = delete;
    ~Child();
    // Waits for it. Throws BackendError "cannot <what>: …" when the work failed.
    void finish(const std::string& what, const char* user_text);

   private:
    pid_t pid_;
    FileDescriptor report_;
  };
  // `work` returns what failed, empty for success. It runs in the user namespace when there is one, as its
  // root: files of mapped owners can be made and removed there.
  using Work = std::function<std::string()>;
  [[nodiscard]] Child fork(const Work& work) const;

 private:
  void enter_own_namespace();
  FileDescriptor namespace_;
  IdMap root_map_;
  std::uint32_t mapped_ = 0;
  std::string shortcoming_;
};

// First id of `user`'s range in a file like /etc/subuid with at least `count` ids, or 0.
[[nodiscard]] std::uint32_t subordinate_ids(const std::string& file, const std::string& user, uid_t uid,
                                            std::uint32_t count);

}  // namespace fairlead::backend::oci
