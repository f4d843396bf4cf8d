// SPDX-License-Identifier: Apache-2.0
// What is told when an engine's gate closes and opens.
#include "backend/docker/gated.hpp"

namespace fairlead::docker {

Gateway gateway_of(Fleet& fleet, const backend::Login& login) {
  const auto& docker = login.config->docker;
  return {fleet.engine_for(docker), login.log, docker.container_start >= fleet.config.docker.container_start};
}

std::unique_ptr<EngineGate::Pass> enter(const Gateway& way) {
  auto pass = way.known->gate.enter(EngineGate::Clock::now());
  if (!pass)
    throw backend::BackendError("the container engine at " + way.known->host +
                                    " has not answered lately and is not asked for every login",
                                "The container engine does not answer. Please try again later.");
  return pass;
}

void note_end(const Gateway& way, const std::exception_ptr& failure) {
  const std::vector<observe::Label> labels{{"engine", way.known->host}};
  switch (blame_for(failure, way.patient)) {
    case Blame::engine:
      if (way.known->gate.failed(EngineGate::Clock::now()))
        way.log.error(
            "DOCKER_ENGINE_DOWN",
            "The container engine does not answer: logins are refused at once until one that is let "
            "through now and then succeeds",
            labels);
      break;
    case Blame::nobody:
      if (way.known->gate.answered())
        way.log.notice("DOCKER_ENGINE_BACK", "The container engine answers again", labels);
      break;
    case Blame::unknown:
      break;
  }
}

}  // namespace fairlead::docker
