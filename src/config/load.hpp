// SPDX-License-Identifier: Apache-2.0
// From a configuration file to a validated Config, or to the list of everything that is wrong with it.
#pragma once

#include "config/config.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::config {

// One sentence per mistake, complete: "FILE:LINE: invalid configuration option: PATH (REASON)".
using Errors = std::vector<std::string>;

enum class Format : std::uint8_t { yaml, json };

// Of `form` alone: known keys and the right types, as a dump of an unfinished file needs them.
enum class Validation : std::uint8_t { complete, form };

// A name that ends in .json is JSON, everything else YAML. Config::warnings holds what the operator should
// hear.
[[nodiscard]] std::expected<Config, Errors> load(const std::string& file,
                                                 Validation validation = Validation::complete);
// The same for text; `name` stands for the file in messages.
[[nodiscard]] std::expected<Config, Errors> parse(std::string_view text, const std::string& name,
                                                  Format format = Format::yaml,
                                                  Validation validation = Validation::complete);

// Where boxes, images, the journal and generated host keys live: the configured directory, else
// /var/lib/fairlead for root, else $XDG_STATE_HOME/fairlead or ~/.local/state/fairlead. Not created here.
[[nodiscard]] std::string state_directory(const Config& config);

}  // namespace fairlead::config
