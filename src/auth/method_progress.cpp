// SPDX-License-Identifier: Apache-2.0
// Chains of factors, walked step by step.
#include "auth/method_progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace fairlead::auth {

using config::Factor;
using config::MethodChain;

std::expected<Permissions, std::string> intersection(const Permissions& a, const Permissions& b) {
  // All members by name: one that is added later does not compile here until somebody has thought of it.
  const auto& [command, environment, pty, port_forwarding, agent_forwarding, x11_forwarding] = b;
  Permissions both = a;
  if (command && both.forced_command && *command != *both.forced_command)
    return std::unexpected("two methods force different commands");
  if (command) both.forced_command = command;
  for (const auto& [name, value] : environment)
    if (both.environment.try_emplace(name, value).first->second != value)
      return std::unexpected(fmt::format("two methods set {} differently", name));
  both.pty = both.pty && pty;
  both.port_forwarding = both.port_forwarding && port_forwarding;
  both.agent_forwarding = both.agent_forwarding && agent_forwarding;
  both.x11_forwarding = both.x11_forwarding && x11_forwarding;
  return both;
}

std::vector<Factor> MethodProgress::next(const std::vector<MethodChain>& chains) const {
  std::vector<Factor> factors;
  for (const MethodChain& chain : chains) {
    if (chain.size() <= passed_.size() ||
        !std::ranges::equal(passed_, std::span(chain).first(passed_.size())))
      continue;
    const Factor factor = chain[passed_.size()];
    if (std::ranges::find(factors, factor) == factors.end()) factors.push_back(factor);
  }
  return factors;
}

std::expected<MethodProgress::Outcome, std::string> MethodProgress::pass(
    const std::vector<MethodChain>& chains, Factor factor, const Permissions& granted) {
  const auto wanted = next(chains);
  if (std::ranges::find(wanted, factor) == wanted.end())
    return std::unexpected("right, but none of the user's methods goes on with it");
  auto both = intersection(permissions_, granted);
  if (!both) return std::unexpected(std::move(both.error()));
  permissions_ = std::move(*both);
  passed_.push_back(factor);
  return std::ranges::find(chains, passed_) != chains.end() ? Outcome::complete : Outcome::more;
}

}  // namespace fairlead::auth
