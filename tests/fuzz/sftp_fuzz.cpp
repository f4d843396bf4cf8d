// SPDX-License-Identifier: Apache-2.0
// The SFTP server's core on any packets: every request with an id gets exactly one answer with that id, and
// nothing outside of a temporary directory is touched.
#include "agent/sftp_server.hpp"
#include "base/wire.hpp"
#include "fuzz/fuzz_input.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace {

using fairlead::ssh::fuzz::require;

// The process gives up everything that could do harm before the first input: paths lead into an empty root,
// or when it cannot be made the root, to a user's own temporary directory as nobody.
struct Confinement {
  Confinement() {
    char name[] = "/tmp/fairlead-sftp-fuzz-XXXXXX";
    require(::mkdtemp(name) != nullptr);
    directory = name;
    // Writes past this end with EFBIG: offsets are any 64-bit number.
    constexpr rlimit file_size{std::size_t{1} << 16, std::size_t{1} << 16};
    (void)::signal(SIGXFSZ, SIG_IGN);
    require(::setrlimit(RLIMIT_FSIZE, &file_size) == 0);
    confined = ::chroot(name) == 0;
    require(::chdir(confined ? "/" : name) == 0);
  }
  std::string directory;
  bool confined = false;
};

void clear_directory() {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(".", ignored))
    std::filesystem::remove_all(entry.path(), ignored);
}

// Without a root of our own only packets whose strings have no way out of the directory are tried.
bool may_escape(fairlead::ssh::Bytes packet) {
  const auto text = fairlead::ssh::as_text(packet);
  return text.contains('/') || text.contains("..") || text.contains('~') || text.contains("home-directory");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Confinement confinement;
  fairlead::ssh::fuzz::FuzzInput input(data, size);
  fairlead::ssh::ByteBuffer output;
  fairlead::agent::sftp::SftpServer server(output);
  constexpr std::byte init[]{std::byte{1}, {}, {}, {}, std::byte{3}};
  require(server.receive(init));
  output.clear();
  while (!input.empty()) {
    const auto packet = input.take(input.byte());
    if (!confinement.confined && may_escape(packet)) continue;
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
  clear_directory();
  return 0;
}
