// SPDX-License-Identifier: Apache-2.0
// Names and labels of boxes that stay.
#include "backend/docker/home.hpp"

#include "backend/backend.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fairlead::docker {
namespace {

using backend::BackendError;

constexpr std::string_view placeholder = "{username}";
// A directory of ours has the name, too; the engine itself would take more.
constexpr std::size_t longest_name = 200;
constexpr std::size_t owner_digits = 8;  // enough to tell the state directories of one engine apart
constexpr const char* not_yours = "Your box cannot be used. Please tell the administrator.";

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string encoded(const std::string& user) {
  std::string name;
  for (const char c : user)
    if (is_letter_or_digit(c) || c == '-' || c == '.')
      name += c;
    else
      name += fmt::format("_{:02x}", static_cast<unsigned char>(c));
  return name;
}

// What engines take: [a-zA-Z0-9][a-zA-Z0-9_.-]+
bool is_container_name(const std::string& name) {
  const auto fits = [](char c) { return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-'; };
  return name.size() > 1 && name.size() <= longest_name && is_letter_or_digit(name.front()) &&
         std::ranges::all_of(name, fits);
}

// Null when there is none.
const std::string* label_of(const ContainerState& found, std::string_view name) {
  const auto label = found.labels.find(std::string(name));
  return label == found.labels.end() ? nullptr : &label->second;
}

}  // namespace

Home home_of(const config::Docker& docker, const Ourselves& us, const std::string& user) {
  Home home{docker.container_name, user};
  if (home.container.empty())
    home.container =
        fmt::format("fairlead-{}-{}-{}", us.instance, us.owner.substr(0, owner_digits), placeholder);
  bool personal = false;
  for (auto at = home.container.find(placeholder); at != std::string::npos;
       at = home.container.find(placeholder, at)) {
    const auto name = encoded(user);
    home.container.replace(at, placeholder.size(), name);
    at += name.size();
    personal = true;
  }
  if (!personal) home.user.clear();
  if (!is_container_name(home.container))
    throw BackendError("docker.execution.containerName comes to \"" + home.container +
                           "\", which cannot be a container's name",
                       "Your user name cannot have a box. Please tell the administrator.");
  return home;
}

bool is_fairleads(const ContainerState& found) {
  return label_of(found, instance_label) != nullptr || label_of(found, owner_label) != nullptr;
}

bool is_home_of(const ContainerState& found, const Ourselves& us) {
  const auto* instance = label_of(found, instance_label);
  const auto* owner = label_of(found, owner_label);
  return instance != nullptr && *instance == us.instance && owner != nullptr && *owner == us.owner &&
         label_of(found, home_label) != nullptr;
}

void check_home(const ContainerState& found, const Home& home, const Ourselves& us) {
  if (!is_fairleads(found)) return;
  const auto is = [&](std::string_view name, const std::string& wanted) {
    const auto* label = label_of(found, name);
    return label != nullptr && *label == wanted;
  };
  if (!is(instance_label, us.instance) || !is(owner_label, us.owner))
    throw BackendError("the container " + home.container + " belongs to another Fairlead", not_yours);
  if (!is(home_label, home.user))
    throw BackendError("the container " + home.container + " is not this user's box that stays", not_yours);
}

}  // namespace fairlead::docker
