// SPDX-License-Identifier: Apache-2.0
// A client's everyday use of a session channel (RFC 4254 section 6): run a program on the other side and hear
// what it said and how it ended.
#pragma once

#include <fairlead/ssh/connection.hpp>
#include <fairlead/ssh/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fairlead::ssh {

struct RunOptions {
  std::vector<EnvRequest> environment;  // servers take few of them; which ones, they do not say
  std::string input;                    // for the program's standard input, which ends with it
  // Of `output` and `errors` together. When there is more, the channel is closed.
  std::size_t most_output = limits::collected_output;
};

struct RunResult {
  std::string output, errors;  // standard output and standard error
  // How the program ended: with a status or by a signal. Neither when the server did not tell, as when
  // `truncated`.
  std::optional<std::uint32_t> status;
  std::optional<ExitSignalRequest> signal;
  bool truncated = false;  // there was more output than allowed

  [[nodiscard]] bool succeeded() const noexcept { return status == 0U && !truncated; }
};

// Runs `command` in the user's shell on a new session channel until it has ended. A Refusal when the server
// does not want to; throws ConnectionError when the connection ends before the program has. Several may run
// at the same time.
[[nodiscard]] Task<std::expected<RunResult, Refusal>> run(Connection connection, std::string command,
                                                          RunOptions options);
// Not a default argument: g++ 12 copies an aggregate's temporary bytewise into a co_await's frame.
[[nodiscard]] inline Task<std::expected<RunResult, Refusal>> run(Connection connection, std::string command) {
  return run(std::move(connection), std::move(command), RunOptions());
}

}  // namespace fairlead::ssh
