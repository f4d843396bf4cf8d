// SPDX-License-Identifier: Apache-2.0
// How much of an image is there, from the lines of an engine's progress stream.
#pragma once

#include "backend/progress.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace fairlead::docker {

// Adds up layers: {"id":"…","status":"Downloading","progressDetail":{"current":1,"total":2}}. What it cannot
// make sense of it passes over, as engines differ in their words.
class PullMeter {
 public:
  void note(const boost::json::value& line);
  // Nothing before the registry has named a layer.
  [[nodiscard]] std::optional<backend::Progress> progress() const;

 private:
  struct Layer {
    std::uint64_t size = 0, fetched = 0, unpacked = 0;
    bool sized = false, complete = false;
  };

  std::map<std::string, Layer> layers_;
};

}  // namespace fairlead::docker
