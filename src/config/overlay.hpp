// SPDX-License-Identifier: Apache-2.0
// What the configuration webhook answers for one login, laid over the configuration of the file.
#pragma once

#include "config/config.hpp"
#include "config/load.hpp"

#include <boost/json/value.hpp>

#include <expected>
#include <string>
#include <vector>

namespace fairlead::config {

struct Overlaid {
  Config config;                      // valid for this login
  std::vector<std::string> warnings;  // sentences: what was given but has no effect
};

// `answer` is the member `config` of the webhook's response; null is an empty object. Its names match in any
// letter case and unknown ones are errors, except below `auth`, in the Docker Engine's own structures and in
// `docker.timeouts`. Durations are nanoseconds or text.
//
// The rule of services.md section 4.3: mappings are merged member by member, maps by key, a list that is not
// empty replaces the whole list, and a zero value (false, 0, "", null, an empty list or map, level emerg)
// never overrides, because servers written in Go send every member with its zero value. Only `backend`, the
// backends' sections, `security`, `quota` and `log.level` have an effect; other sections are read for
// mistakes and left out with a warning when they hold anything but zero values.
//
// Only what the login needs is validated: `security`, `quota`, `backend` and the chosen backend's section,
// also where the file's own mistakes were let pass because the webhook might mend them. No file is opened and
// nothing blocks; safe from any thread. Errors are complete sentences, all at once.
[[nodiscard]] std::expected<Overlaid, Errors> overlay(const Config& base, const boost::json::value& answer);

}  // namespace fairlead::config
