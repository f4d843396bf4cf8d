// SPDX-License-Identifier: Apache-2.0
// An engine that boxes are made on: how to reach it, and what was learned about it.
#pragma once

#include "backend/docker/container_spec.hpp"
#include "backend/docker/engine.hpp"
#include "backend/docker/engine_gate.hpp"
#include "backend/docker/pulls.hpp"
#include "config/config.hpp"

#include <boost/json/object.hpp>

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace fairlead::docker {

// What of `docker.connection` and `agentLink` it takes to reach an engine, as configured: certificates and
// keys are file names or PEM texts.
struct EngineAddress {
  std::string host, cacert, cert, key, agent_link;

  [[nodiscard]] static EngineAddress of(const config::Docker& docker);
  // Of a journal entry; nullopt when it is none.
  [[nodiscard]] static std::optional<EngineAddress> read(const boost::json::object& details);
  [[nodiscard]] boost::json::object details() const;
  // A plain name, the same for the same address.
  [[nodiscard]] std::string id() const;
};

// Of any text: letters and digits, for names that nobody chooses.
[[nodiscard]] std::string short_digest(std::string_view text);

struct KnownEngine {
  KnownEngine(Engine e, EngineAddress a, LinkKind k)
      : engine(std::move(e)), address(std::move(a)), id(address.id()), host(address.host), kind(k) {}
  const Engine engine;
  const EngineAddress address;
  const std::string id;
  const std::string& host;                               // of the address
  std::atomic<LinkKind> kind;                            // attach, once it turned out not to see our files
  std::atomic<DiskLimit> disk_limit = DiskLimit::quota;  // watched, once it refused a quota
  std::atomic<bool> disk_watched = false;                // a watch runs
  Pulls pulls;
  EngineGate gate;
};

// A home in the book of residents.
[[nodiscard]] inline std::string home_key(const KnownEngine& engine, const std::string& container) {
  return engine.host + '\0' + container;
}

}  // namespace fairlead::docker
