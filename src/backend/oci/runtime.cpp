// SPDX-License-Identifier: Apache-2.0
// Calls crun or runc.
#include "backend/oci/runtime.hpp"

#include "backend/oci/failure.hpp"
#include "backend/oci/limits.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <fstream>

namespace fairlead::backend::oci {

namespace fs = std::filesystem;

Command Runtime::command(const BoxFiles& files, std::vector<std::string> arguments) const {
  Command result;
  result.arguments = {program_,       "--root", files.runtime_state(), "--log", files.log(),
                      "--log-format", "json"};
  result.arguments.insert(result.arguments.end(), std::make_move_iterator(arguments.begin()),
                          std::make_move_iterator(arguments.end()));
  // crun and rootless runc look for it; nothing of ours is left there because of --root.
  result.environment.push_back("XDG_RUNTIME_DIR=" + files.box.string());
  result.user_namespace = user_namespace_;
  return result;
}

pid_t Runtime::start_box(const BoxFiles& files, const std::string& id, BoxRoots::Plan plan, int link) const {
  Command start_command = command(files, {"run", "--detach", "--preserve-fds", "1", "--bundle", files.box,
                                          "--pid-file", files.pid(), id});
  start_command.descriptors = {{link, 3}};
  start_command.own_mounts = true;
  start_command.mounts = std::move(plan.mounts);
  const int status = start(start_command).wait(limits::runtime_command);
  if (status < 0) throw failure(program_ + " did not start the box in time");
  if (status != 0) throw failure(program_ + ": " + runtime_error(files.log()));
  pid_t pid = 0;
  std::ifstream(files.pid()) >> pid;
  if (pid <= 1) throw failure(program_ + " wrote no process id");
  return pid;
}

int Runtime::run_box(const BoxFiles& files, const std::string& id, BoxRoots::Plan plan) const {
  Command run_command = command(files, {"run", "--bundle", files.box, id});
  run_command.own_mounts = true;
  run_command.mounts = std::move(plan.mounts);
  const int status = start(run_command).wait(limits::runtime_command);
  if (status < 0) throw failure(program_ + " did not run a box in time");
  std::error_code code;
  if (status != 0 && fs::file_size(files.log(), code) > 0 && !code)
    throw failure(program_ + ": " + runtime_error(files.log()));
  return status;
}

bool Runtime::remove_box(const BoxFiles& files, const std::string& id) const {
  std::error_code code;
  if (!fs::exists(files.runtime_state() / id, code)) return true;
  const Outcome outcome = run(command(files, {"delete", "--force", id}), limits::runtime_command);
  return outcome.status == 0;
}

std::string runtime_error(const fs::path& log) {
  std::ifstream in(log);
  std::string found = "failed without a word";
  for (std::string line; std::getline(in, line);) {
    boost::system::error_code code;
    const auto value = boost::json::parse(line, code);
    const auto* entry = code ? nullptr : value.if_object();
    const auto* text = entry ? entry->if_contains("msg") : nullptr;
    const auto* level = entry ? entry->if_contains("level") : nullptr;
    if (!text || !text->is_string()) continue;
    if (level && level->is_string() && level->as_string() != "error" && level->as_string() != "fatal")
      continue;
    found = std::string(text->as_string());
  }
  return found.substr(0, limits::error_text);
}

}  // namespace fairlead::backend::oci
