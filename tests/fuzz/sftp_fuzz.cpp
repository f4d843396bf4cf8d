// SPDX-License-Identifier: Apache-2.0
// The SFTP server's core on any packets: every request with an id gets exactly one answer with that id, and
// nothing outside of a temporary directory is touched.
#include "agent/sftp_server.hpp"
#include "base/wire.hpp"
#include "fuzz/fuzz_input.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace {

using fairlead::ssh::fuzz::require;

// Within an input, paths lead into an empty root of our own. A crash's artifact is left there too.
class Confinement {
 public:
  Confinement() {
    char name[] = "/tmp/fairlead-sftp-fuzz-XXXXXX";
    require(::mkdtemp(name) != nullptr);
    directory_ = name;
    (void)::signal(SIGXFSZ, SIG_IGN);
    require(::getrlimit(RLIMIT_FSIZE, &usual_) == 0);
  }
  Confinement(const Confinement&) = delete;
  Confinement& operator=(const Confinement&) = delete;
  ~Confinement() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  void enter() {
    // Writes past this end with EFBIG: offsets are any 64-bit number.
    const rlimit small{std::size_t{1} << 16, usual_.rlim_max};
    require(root_ >= 0 && here_ >= 0 && ::setrlimit(RLIMIT_FSIZE, &small) == 0);
    require(::chdir(directory_.c_str()) == 0);
    rooted_ = ::chroot(".") == 0;
  }
  void leave() {
    clear_directory();
    if (rooted_) require(::fchdir(root_) == 0 && ::chroot(".") == 0);
    require(::fchdir(here_) == 0 && ::setrlimit(RLIMIT_FSIZE, &usual_) == 0);
  }
  [[nodiscard]] bool rooted() const { return rooted_; }

 private:
  static void clear_directory() {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(".", ignored))
      std::filesystem::remove_all(entry.path(), ignored);
  }

  std::string directory_;
  rlimit usual_{};
  int root_ = ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  int here_ = ::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  bool rooted_ = false;
};

// Without a root of our own only packets whose strings have no way out of the directory are tried.
bool may_escape(fairlead::ssh::Bytes packet) {
  const auto text = fairlead::ssh::as_text(packet);
  return text.contains('/') || text.contains("..") || text.contains('~') || text.contains("home-directory");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Confinement confinement;
  confinement.enter();
  fairlead::ssh::fuzz::FuzzInput input(data, size);
  fairlead::ssh::ByteBuffer output;
  fairlead::agent::sftp::SftpServer server(output);
  constexpr std::byte init[]{std::byte{1}, {}, {}, {}, std::byte{3}};
  require(server.receive(init));
  output.clear();
  while (!input.empty()) {
    const auto packet = input.take(input.byte());
    if (!confinement.rooted() && may_escape(packet)) continue;
    const bool good = server.receive(packet);
    const bool is_init = !packet.empty() && packet[0] == std::byte{1};
    require(good == (packet.size() >= 5));
    if (!good) break;
    fairlead::ssh::WireReader framed(output.readable());
    fairlead::ssh::WireReader answer(framed.string());
    const auto type = answer.byte();
    const auto id = answer.u32();
    require(framed.done() && answer.ok() && (is_init ? type == 2 : type > 100));
    require(is_init || id == fairlead::ssh::load_u32(packet.data() + 1));
    output.clear();
  }
  confinement.leave();
  return 0;
}
