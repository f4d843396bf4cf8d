// SPDX-License-Identifier: Apache-2.0
// The system calls a box may make: those that ordinary programs, shells, compilers, language runtimes,
// debuggers and file transfer need, and none that configure the machine, load code into the kernel, or make
// or enter namespaces.
#include "backend/oci/seccomp.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <sched.h>

#include <cerrno>
#include <cstdint>
#include <span>

namespace fairlead::backend::oci {

namespace {

namespace json = boost::json;

// clang-format off
constexpr const char* allowed[] = {
    // files and directories
    "access", "faccessat", "faccessat2", "open", "openat", "openat2", "creat", "close", "close_range", "read",
    "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64", "pwritev", "pwritev2", "lseek",
    "_llseek", "stat", "stat64", "lstat", "lstat64", "fstat", "fstat64", "fstatat64", "newfstatat", "statx",
    "statfs", "statfs64", "fstatfs", "fstatfs64", "getdents", "getdents64", "getcwd", "chdir", "fchdir",
    "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat",
    "symlink", "symlinkat", "readlink", "readlinkat", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown",
    "chown32", "fchown", "fchown32", "fchownat", "lchown", "lchown32", "umask", "utime", "utimes",
    "utimensat", "utimensat_time64", "futimesat", "truncate", "truncate64", "ftruncate", "ftruncate64",
    "fallocate", "fadvise64", "fadvise64_64", "arm_fadvise64_64", "readahead", "sync", "syncfs", "fsync",
    "fdatasync", "sync_file_range", "sync_file_range2", "copy_file_range", "sendfile", "sendfile64", "splice",
    "tee", "vmsplice", "flock", "fcntl", "fcntl64", "mknod", "mknodat", "chroot", "cachestat", "getxattr",
    "lgetxattr", "fgetxattr", "setxattr", "lsetxattr", "fsetxattr", "listxattr", "llistxattr", "flistxattr",
    "removexattr", "lremovexattr", "fremovexattr", "name_to_handle_at", "inotify_init", "inotify_init1",
    "inotify_add_watch", "inotify_rm_watch", "dup", "dup2", "dup3", "pipe", "pipe2", "memfd_create",
    "eventfd", "eventfd2", "signalfd", "signalfd4",
    // waiting
    "poll", "ppoll", "ppoll_time64", "select", "_newselect", "pselect6", "pselect6_time64", "epoll_create",
    "epoll_create1", "epoll_ctl", "epoll_ctl_old", "epoll_wait", "epoll_wait_old", "epoll_pwait",
    "epoll_pwait2", "io_setup", "io_submit", "io_cancel", "io_destroy", "io_getevents", "io_pgetevents",
    "io_pgetevents_time64",
    // sockets
    "socketpair", "bind", "listen", "accept", "accept4", "connect", "getsockname", "getpeername",
    "getsockopt", "setsockopt", "send", "sendto", "sendmsg", "sendmmsg", "recv", "recvfrom", "recvmsg",
    "recvmmsg", "recvmmsg_time64", "shutdown", "ioctl",
    // memory
    "brk", "mmap", "mmap2", "munmap", "mremap", "mprotect", "madvise", "mincore", "mlock", "mlock2",
    "mlockall", "munlock", "munlockall", "msync", "membarrier", "pkey_alloc", "pkey_free", "pkey_mprotect",
    "remap_file_pages", "mseal", "memfd_secret", "map_shadow_stack", "get_mempolicy", "set_mempolicy",
    "mbind", "process_madvise",
    // processes and threads
    "fork", "vfork", "execve", "execveat", "exit", "exit_group", "wait4", "waitid", "waitpid", "getpid",
    "getppid", "gettid", "getpgid", "getpgrp", "setpgid", "getsid", "setsid", "kill", "tkill", "tgkill",
    "pidfd_open", "pidfd_send_signal", "prctl", "arch_prctl", "set_tid_address", "set_thread_area",
    "get_thread_area", "modify_ldt", "set_robust_list", "get_robust_list", "futex", "futex_time64",
    "futex_wait", "futex_wake", "futex_requeue", "futex_waitv", "rseq", "sched_yield", "sched_getparam",
    "sched_setparam", "sched_getscheduler", "sched_setscheduler", "sched_getattr", "sched_setattr",
    "sched_get_priority_max", "sched_get_priority_min", "sched_rr_get_interval",
    "sched_rr_get_interval_time64", "sched_getaffinity", "sched_setaffinity", "getcpu", "getpriority",
    "setpriority", "ioprio_get", "ioprio_set", "getrlimit", "ugetrlimit", "setrlimit", "prlimit64",
    "getrusage", "times", "seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self",
    "pause",
    // The kernel's own rules bound these to a box's own processes: another pid namespace, and Yama where it
    // is.
    "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "process_mrelease",
    // signals
    "rt_sigaction", "rt_sigprocmask", "rt_sigpending", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "rt_sigreturn",
    "rt_sigsuspend", "rt_sigtimedwait", "rt_sigtimedwait_time64", "sigaction", "sigprocmask", "sigpending",
    "sigreturn", "sigsuspend", "signal", "sigaltstack", "restart_syscall", "alarm", "getitimer", "setitimer",
    // identity
    "getuid", "getuid32", "geteuid", "geteuid32", "getgid", "getgid32", "getegid", "getegid32", "getgroups",
    "getgroups32", "getresuid", "getresuid32", "getresgid", "getresgid32", "setuid", "setuid32", "setgid",
    "setgid32", "setreuid", "setreuid32", "setregid", "setregid32", "setresuid", "setresuid32", "setresgid",
    "setresgid32", "setgroups", "setgroups32", "setfsuid", "setfsuid32", "setfsgid", "setfsgid32", "capget",
    "capset",
    // time
    "time", "gettimeofday", "clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64",
    "clock_nanosleep", "clock_nanosleep_time64", "nanosleep", "timer_create", "timer_delete",
    "timer_getoverrun", "timer_gettime", "timer_gettime64", "timer_settime", "timer_settime64",
    "timerfd_create", "timerfd_gettime", "timerfd_gettime64", "timerfd_settime", "timerfd_settime64",
    // System V and POSIX IPC, in the box's own namespace
    "ipc", "shmget", "shmat", "shmctl", "shmdt", "semget", "semop", "semctl", "semtimedop",
    "semtimedop_time64", "msgget", "msgsnd", "msgrcv", "msgctl", "mq_open", "mq_close", "mq_unlink",
    "mq_notify", "mq_getsetattr", "mq_timedreceive", "mq_timedreceive_time64", "mq_timedsend",
    "mq_timedsend_time64",
    // information
    "uname", "sysinfo", "getrandom", "ustat",
};
// clang-format on

// EPERM, as their man pages promise to whoever lacks the capability. Not io_uring: it passes this filter by,
// so it is absent altogether (ENOSYS), and so is whatever newer kernels bring.
// clang-format off
constexpr const char* privileged[] = {
    "acct", "add_key", "bpf", "clock_adjtime", "clock_adjtime64", "clock_settime", "clock_settime64",
    "create_module", "delete_module", "fanotify_init", "fanotify_mark", "finit_module", "fsconfig", "fsmount",
    "fsopen", "fspick", "adjtimex", "init_module", "ioperm", "iopl", "kexec_file_load", "kexec_load",
    "keyctl", "lookup_dcookie", "migrate_pages", "mount", "mount_setattr", "move_mount", "move_pages",
    "nfsservctl", "open_by_handle_at", "open_tree", "perf_event_open", "personality", "pivot_root",
    "quotactl", "quotactl_fd", "reboot", "request_key", "setdomainname", "sethostname", "setns",
    "settimeofday", "stime", "swapoff", "swapon", "syslog", "umount", "umount2", "unshare", "userfaultfd",
    "vhangup", "_sysctl",
};
// clang-format on

constexpr std::uint64_t namespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

json::array names(std::span<const char* const> list) {
  json::array result;
  result.reserve(list.size());
  for (const char* name : list) result.emplace_back(name);
  return result;
}

json::object rule(json::array calls, const char* action, json::array arguments = {}) {
  json::object result{{"names", std::move(calls)}, {"action", action}};
  if (!arguments.empty()) result["args"] = std::move(arguments);
  return result;
}

json::object refused(json::array calls, int error, json::array arguments = {}) {
  json::object result = rule(std::move(calls), "SCMP_ACT_ERRNO", std::move(arguments));
  result["errnoRet"] = error;
  return result;
}

json::object argument(unsigned index, std::uint64_t value, const char* comparison, std::uint64_t second = 0) {
  json::object result{{"index", index}, {"value", value}, {"op", comparison}};
  if (second || std::string_view(comparison) == "SCMP_CMP_MASKED_EQ") result["valueTwo"] = second;
  return result;
}

json::object make_profile() {
  json::array rules;
  rules.push_back(rule(names(allowed), "SCMP_ACT_ALLOW"));
  rules.push_back(refused(names(privileged), EPERM));
  // A process or thread, but no namespace. clone3 hides its flags in memory: ENOSYS makes libc use clone.
  rules.push_back(rule({"clone"}, "SCMP_ACT_ALLOW", {argument(0, namespaces, "SCMP_CMP_MASKED_EQ", 0)}));
  rules.push_back(refused({"clone3"}, ENOSYS));
  // Not AF_VSOCK (40), which reaches the hypervisor past every network namespace, nor AF_ALG (38), a large
  // kernel surface. socketcall (32-bit programs of old) would hide the family: absent.
  rules.push_back(rule({"socket"}, "SCMP_ACT_ALLOW", {argument(0, 38, "SCMP_CMP_LT")}));
  rules.push_back(rule({"socket"}, "SCMP_ACT_ALLOW", {argument(0, 39, "SCMP_CMP_EQ")}));
  rules.push_back(rule({"socket"}, "SCMP_ACT_ALLOW", {argument(0, 40, "SCMP_CMP_GT")}));
  return {{"defaultAction", "SCMP_ACT_ERRNO"},
          {"defaultErrnoRet", ENOSYS},
  // 64-bit programs only: a second architecture costs 12 ms of libseccomp's time in every box, and the 32-bit
  // entry of the kernel is a surface of its own.
#if defined(__x86_64__)
          {"architectures", {"SCMP_ARCH_X86_64"}},
#elif defined(__aarch64__)
          {"architectures", {"SCMP_ARCH_AARCH64"}},
#endif
          {"syscalls", std::move(rules)}};
}

}  // namespace

const json::object& seccomp_profile() {
  static const json::object profile = make_profile();
  return profile;
}

}  // namespace fairlead::backend::oci
