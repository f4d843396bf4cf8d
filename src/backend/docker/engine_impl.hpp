// SPDX-License-Identifier: Apache-2.0
// What the sources of Engine share.
#pragma once

#include "backend/docker/engine.hpp"

#include <mutex>
#include <string>
#include <string_view>

namespace fairlead::docker {

inline constexpr std::string_view from_engine = "the container engine's answer";

struct Engine::State {
  explicit State(http::Client c) : client(std::move(c)) {}
  http::Client client;
  std::mutex mutex;
  std::string prefix;  // "/v1.41"; empty until negotiated
};

// Throws the EngineError of an answer.
[[noreturn]] void refuse(std::string_view method, std::string_view path, const http::Response& response);

// "/containers/ID" and the rest.
[[nodiscard]] std::string container_path(const std::string& id, std::string_view rest);

}  // namespace fairlead::docker
