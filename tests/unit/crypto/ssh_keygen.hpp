// SPDX-License-Identifier: Apache-2.0
// Runs OpenSSH's ssh-keygen in a directory of its own, which disappears with the object.
#pragma once

#include "support/scratch.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fairlead::ssh {

class SshKeygen {
 public:
  [[nodiscard]] std::string path(std::string_view name) const { return directory_.file(name); }
  // Readable by the owner alone, as ssh-keygen demands of private keys.
  void write(std::string_view name, std::string_view content) const;
  [[nodiscard]] std::string read(std::string_view name) const;

  struct Outcome {
    int status;
    std::string output;  // standard output
  };
  // `input` is a file for standard input.
  [[nodiscard]] Outcome run(std::vector<std::string> arguments,
                            const std::string& input = "/dev/null") const {
    return run_program("ssh-keygen", std::move(arguments), input);
  }
  // For what ssh-keygen does not write.
  [[nodiscard]] Outcome openssl(std::vector<std::string> arguments) const {
    return run_program("openssl", std::move(arguments), "/dev/null");
  }

 private:
  [[nodiscard]] Outcome run_program(const std::string& program, std::vector<std::string> arguments,
                                    const std::string& input) const;

  test::ScratchDirectory directory_;
};

}  // namespace fairlead::ssh
