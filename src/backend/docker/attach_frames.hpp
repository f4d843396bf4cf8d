// SPDX-License-Identifier: Apache-2.0
// The framing of a container's output on an attach stream without a terminal, taken apart as it arrives.
//
//   | stream (1) | 0 0 0 | length (4, big endian) | data … |        stream: 0 standard input (unused), 1
//   output, 2 error
#pragma once

#include <fairlead/ssh/bytes.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace fairlead::docker {

// Holds no data, only its place in the stream: nothing grows, whatever lengths the stream names.
class FrameDecoder {
 public:
  enum class Source : std::uint8_t { standard_output, standard_error };
  struct Piece {
    Source source = Source::standard_output;
    ssh::Bytes data;  // never empty; part of a frame when the frame is not there as a whole
  };

  // The next piece of `input`, which is shortened by what was used; nullopt when all of it is. Throws
  // http::HttpError(protocol) at a header that cannot be one.
  [[nodiscard]] std::optional<Piece> next(ssh::Bytes& input);

 private:
  std::array<std::byte, 8> header_{};
  std::size_t header_size_ = 0;
  std::uint32_t left_ = 0;  // of the current frame's data
  Source source_ = Source::standard_output;
};

}  // namespace fairlead::docker
