// SPDX-License-Identifier: Apache-2.0
// The complete configuration in force, and the JSON Schema of what a file may say: both come from the
// descriptions in sections.hpp.
#pragma once

#include "config/config.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>

namespace fairlead::config {

enum class Secrets : std::uint8_t { masked, shown };

// Every key with its value. Loaded again it is the same configuration, unless secrets were masked.
[[nodiscard]] boost::json::object dump(const Config& config, Secrets secrets);
// As YAML in block style; texts are quoted where YAML might take them for something else.
[[nodiscard]] std::string to_yaml(const boost::json::object& document);

// Draft 7, with the defaults of a file that says nothing.
[[nodiscard]] boost::json::object schema();

}  // namespace fairlead::config
