// SPDX-License-Identifier: Apache-2.0
// Metadata to variables.
#include "backend/login_environment.hpp"

#include "link/agent_link.hpp"

#include <string_view>

namespace fairlead::backend {
namespace {

// What execve would take apart again, and the one that only a forced command sets (core.md W8.5).
const char* obstacle(std::string_view name, std::string_view value) {
  if (name.empty() || name.find('=') != std::string_view::npos || name.find('\0') != std::string_view::npos)
    return "its name cannot be a variable's";
  if (name == "SSH_ORIGINAL_COMMAND") return "its name belongs to forced commands";
  if (value.find('\0') != std::string_view::npos) return "its value holds a NUL";
  return nullptr;
}

class Collector {
 public:
  explicit Collector(const observe::Log& log) : log_(log) {}

  void add(const config::MetadataMap& entries) {
    for (const auto& [name, entry] : entries) add(name, entry.value);
  }
  std::map<std::string, std::string> take() { return std::move(variables_); }

 private:
  void add(const std::string& name, const std::string& value) {
    const char* why = obstacle(name, value);
    const std::size_t size = name.size() + value.size();
    if (why == nullptr && size > left_) why = "the login's variables are too large";
    if (why != nullptr) {
      log_.warning("BACKEND_VARIABLE_SKIPPED", "A variable of the login's metadata was left out",
                   {{"name", name}, {"reason", why}});
      return;
    }
    // What was there first is worth more.
    if (variables_.try_emplace(name, value).second) left_ -= size;
  }

  const observe::Log& log_;
  std::map<std::string, std::string> variables_;
  std::size_t left_ = link::fixed_environment_bytes;
};

}  // namespace

std::map<std::string, std::string> login_environment(const Login& login, bool expose_metadata) {
  Collector collector(login.log);
  collector.add(login.metadata.environment);
  if (expose_metadata) collector.add(login.metadata.metadata);
  return collector.take();
}

}  // namespace fairlead::backend
