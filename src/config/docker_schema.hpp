// SPDX-License-Identifier: Apache-2.0
// Names and types of the Docker Engine's structures, as tables.
#pragma once

#include "config/docker_structures.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace fairlead::config {

struct DockerField {
  enum class Type : std::uint8_t {
    text,
    boolean,
    number,
    bytes,     // a number; sizes such as 512M are understood
    duration,  // nanoseconds
    texts,
    numbers,
    text_lists,       // list of lists of text
    text_map,         // name → text
    names,            // name → {} (a set)
    object,           // of `fields`
    objects,          // list of them
    object_map,       // name → one
    object_list_map,  // name → list of them
  };
  std::string_view name;  // as the Engine's API spells it
  Type type;
  std::span<const DockerField> fields = {};
};

[[nodiscard]] std::span<const DockerField> docker_fields(DockerStructure structure) noexcept;

}  // namespace fairlead::config
