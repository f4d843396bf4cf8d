// SPDX-License-Identifier: Apache-2.0
// Takes attach frames apart.
#include "backend/docker/attach_frames.hpp"

#include "base/wire.hpp"
#include "http/error.hpp"

#include <algorithm>

namespace fairlead::docker {

std::optional<FrameDecoder::Piece> FrameDecoder::next(ssh::Bytes& input) {
  while (!input.empty()) {
    if (left_ > 0) {
      const auto size = std::min<std::size_t>(left_, input.size());
      const Piece piece{source_, input.first(size)};
      input = input.subspan(size);
      left_ -= static_cast<std::uint32_t>(size);
      return piece;
    }
    header_[header_size_++] = input.front();
    input = input.subspan(1);
    if (header_size_ < header_.size()) continue;
    header_size_ = 0;
    const auto stream = std::to_integer<unsigned>(header_[0]);
    const bool padded = header_[1] == std::byte{} && header_[2] == std::byte{} && header_[3] == std::byte{};
    if (stream > 2 || !padded)
      throw http::HttpError(http::Failure::protocol, "the container engine's attach stream has no frames");
    source_ = stream == 2 ? Source::standard_error : Source::standard_output;
    left_ = ssh::load_u32(header_.data() + 4);
  }
  return std::nullopt;
}

}  // namespace fairlead::docker
