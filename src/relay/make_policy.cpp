// SPDX-License-Identifier: Apache-2.0
// Modes and lists to sets of names.
#include "relay/make_policy.hpp"

namespace fairlead::relay {
namespace {

using config::Mode;

Mode mode_of(const config::Security& security, const config::Rule& rule) {
  const Mode mode = rule.mode == Mode::inherit ? security.default_mode : rule.mode;
  return mode == Mode::inherit ? Mode::enable : mode;
}

// core.md section 8.2: the deny list counts with `enable` alone, the allow list with `filter`.
Names names_of(const config::Security& security, const config::Rule& rule) {
  switch (mode_of(security, rule)) {
    case Mode::filter:
      return {.others = false, .listed = {rule.allow.begin(), rule.allow.end()}};
    case Mode::disable:
      return {.others = false, .listed = {}};
    default:
      return {.others = true, .listed = {rule.deny.begin(), rule.deny.end()}};
  }
}

// Of what has no name to filter by: `filter` refuses.
bool is_enabled(const config::Security& security, const config::Rule& rule) {
  return mode_of(security, rule) == Mode::enable;
}

}  // namespace

Policy make_policy(const config::Security& security, const auth::Permissions& permissions) {
  Policy policy;
  if (security.max_sessions) policy.max_sessions = *security.max_sessions;
  policy.pty = permissions.pty && is_enabled(security, security.tty);
  policy.shell = is_enabled(security, security.shell);
  policy.variables = names_of(security, security.env);
  policy.commands = names_of(security, security.command);
  policy.subsystems = names_of(security, security.subsystem);
  policy.signals = names_of(security, security.signal);
  policy.forced_command = permissions.forced_command;
  if (!security.force_command.empty()) policy.forced_command = security.force_command;
  return policy;
}

}  // namespace fairlead::relay
