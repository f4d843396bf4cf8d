// SPDX-License-Identifier: Apache-2.0
// Reads as much as there is, answers all of it, writes the answers together.
#include "agent/sftp_main.hpp"

#include "agent/file_io.hpp"
#include "agent/sftp_input.hpp"
#include "agent/sftp_server.hpp"
#include "base/write_all.hpp"

#include <string_view>

namespace fairlead::agent {
namespace {

using namespace std::string_view_literals;

class Service {
 public:
  explicit Service(int out) : out_(out) {}

  // Answers every packet that is there. False: this cannot go on.
  bool serve(sftp::SftpInput& input) {
    while (const auto packet = input.next()) {
      if (!server_.receive(*packet)) return false;
      if (output_.size() >= sftp::output_batch && !flush()) return false;
    }
    return flush() && !input.broken();
  }

  bool flush() {
    const bool written = output_.empty() || write_all(out_, output_.readable());
    output_.clear();
    return written;
  }

 private:
  int out_;
  ssh::ByteBuffer output_;
  sftp::SftpServer server_{output_};
};

}  // namespace

int run_sftp_server(int in, int out) {
  Service service(out);
  sftp::SftpInput input;
  for (;;) {
    const auto got = read_some(in, input.space());
    if (got <= 0) return got == 0 && input.empty() ? 0 : 1;
    input.received(static_cast<std::size_t>(got));
    if (service.serve(input)) continue;
    (void)service.flush();  // what came before it was good
    constexpr auto sentence = "fairlead: this is not the SFTP protocol\n"sv;
    (void)write_all(2, ssh::as_bytes(sentence));
    return 1;
  }
}

}  // namespace fairlead::agent
