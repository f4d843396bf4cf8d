// SPDX-License-Identifier: Apache-2.0
// Layers and their words.
#include "backend/docker/pull_meter.hpp"

#include "backend/docker/limits.hpp"
#include "http/json.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace fairlead::docker {
namespace {

using backend::Progress;

constexpr std::array<std::string_view, 4> fetched_words{"Verifying Checksum", "Download complete",
                                                        "Extracting", "Pull complete"};

std::uint64_t bytes_at(const boost::json::value& object, std::string_view name) {
  const auto value = http::integer_member(object, name);
  return static_cast<std::uint64_t>(std::clamp<std::int64_t>(value, 0, limits::layer_bytes));
}

}  // namespace

void PullMeter::note(const boost::json::value& line) {
  const auto id = http::string_member(line, "id");
  const auto status = http::string_member(line, "status");
  // "Pulling from NAME" has the tag for its id; what is there already takes no time.
  if (id.empty() || status.starts_with("Pulling from") || status == "Already exists") return;
  if (!layers_.contains(id) && layers_.size() == limits::layers) return;
  Layer& layer = layers_[id];
  const auto& detail = http::member(line, "progressDetail");
  const auto current = bytes_at(detail, "current");
  const auto total = bytes_at(detail, "total");
  if (total > 0) {
    layer.size = total;
    layer.sized = true;
  }
  if (status == "Downloading") {
    layer.fetched = current;
  } else if (std::ranges::find(fetched_words, status) != fetched_words.end()) {
    layer.complete = layer.sized = true;
    layer.fetched = layer.size;
    // Engines with containerd count seconds here, which have no total.
    if (status == "Extracting" && total > 0) layer.unpacked = current;
    if (status == "Pull complete") layer.unpacked = layer.size;
  }
}

std::optional<Progress> PullMeter::progress() const {
  if (layers_.empty()) return std::nullopt;
  std::uint64_t size = 0;
  std::uint64_t fetched = 0;
  std::uint64_t unpacked = 0;
  bool sized = true;
  bool complete = true;
  for (const auto& [id, layer] : layers_) {
    size += layer.size;
    fetched += layer.fetched;
    unpacked += layer.unpacked;
    sized &= layer.sized;
    complete &= layer.complete;
  }
  if (complete) return Progress{Progress::Stage::unpacking, unpacked, size};
  return Progress{Progress::Stage::fetching, fetched, sized ? size : 0};
}

}  // namespace fairlead::docker
