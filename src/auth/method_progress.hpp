// SPDX-License-Identifier: Apache-2.0
// How far one login has come along its user's method chains, and what it may do at the end.
#pragma once

#include "auth/key_restrictions.hpp"
#include "config/method_chain.hpp"

#include <expected>
#include <string>
#include <vector>

namespace fairlead::auth {

// What both grant. Two forced commands, or two values of one variable, cannot both be honoured: an error with
// its reason, so that nothing is dropped.
[[nodiscard]] std::expected<Permissions, std::string> intersection(const Permissions& a,
                                                                   const Permissions& b);

// The one place where a factor counts, whatever its method: what it grants is combined with what the ones
// before it granted (CVE-2026-39828, CVE-2026-46595).
class MethodProgress {
 public:
  enum class Outcome : std::uint8_t { more, complete };

  // `factor` was right and grants `granted`. An error, and nothing changes, when no chain wants it next or
  // its permissions contradict.
  [[nodiscard]] std::expected<Outcome, std::string> pass(const std::vector<config::MethodChain>& chains,
                                                         config::Factor factor, const Permissions& granted);
  // What may come next, in the chains' order, none twice.
  [[nodiscard]] std::vector<config::Factor> next(const std::vector<config::MethodChain>& chains) const;

  // Of all factors so far.
  [[nodiscard]] const Permissions& permissions() const noexcept { return permissions_; }

 private:
  config::MethodChain passed_;
  Permissions permissions_;
};

}  // namespace fairlead::auth
