// SPDX-License-Identifier: Apache-2.0
// The Docker Engine's own structures in our file (core.md Appendix C), turned into bodies for its API.
#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>

namespace fairlead::config {

struct Findings;
struct Node;

enum class DockerStructure : std::uint8_t { container, host, network, platform };

// Members in the Engine's spelling and types, whatever the letter case in the file and whether limits stand
// in `resources` (ContainerSSH's YAML) or directly in `host` (its JSON). Unknown keys are left out with a
// warning: ContainerSSH ignores them. Values of a wrong type are errors.
[[nodiscard]] boost::json::object docker_structure(Findings& findings, const std::string& path,
                                                   const Node& node, DockerStructure structure);

// As ContainerSSH's YAML spells it: lower case, the limits of `host` in `resources`.
[[nodiscard]] boost::json::object to_file_layout(const boost::json::object& value, DockerStructure structure);

// Mappings member by member, maps by key; what `given` says wins.
void merge_docker_structure(boost::json::object& into, const boost::json::object& given,
                            DockerStructure structure);

}  // namespace fairlead::config
