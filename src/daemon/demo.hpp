// SPDX-License-Identifier: Apache-2.0
// `fairlead demo`: a server on 127.0.0.1 that needs no file. It admits the keys of whoever starts it and a
// password made for this run, and leaves nothing behind.
#pragma once

#include <cstdint>
#include <string>

namespace fairlead::daemon {

struct DemoOptions {
  std::uint16_t port = 2222;
  std::string image;  // empty: a small one made from Debian's busybox-static
  std::string backend = "oci";
};

// Serves until a signal. Prints on standard output, each on a line of its own, "ready: <the ssh command>" and
// "password: <this run's password>"; logs go to standard error.
[[nodiscard]] int run_demo(const DemoOptions& options);

}  // namespace fairlead::daemon
