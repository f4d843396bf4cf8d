// SPDX-License-Identifier: Apache-2.0
// What a program writes, piece by piece, however the engine's stream carries it.
#pragma once

#include "backend/docker/attach_frames.hpp"
#include "http/stream.hpp"

#include <deque>
#include <optional>
#include <vector>

namespace fairlead::docker {

// One reader.
class ProgramOutput {
 public:
  using Piece = FrameDecoder::Piece;
  using Source = FrameDecoder::Source;

  // With a terminal the stream is raw, else it has frames.
  ProgramOutput(http::Stream stream, bool terminal);

  // Nothing at the end. Good until the next call. Throws http::HttpError.
  [[nodiscard]] ssh::Task<std::optional<Piece>> next();
  // next() gives these first, in the order in which they were put back.
  void put_back(Source source, std::vector<std::byte> bytes);
  // From now on everything is standard error: it is not the program's.
  void is_all_error() noexcept { all_error_ = true; }

 private:
  [[nodiscard]] Piece give(Piece piece) const;

  http::Stream stream_;
  bool terminal_;
  bool all_error_ = false;
  FrameDecoder decoder_;
  std::vector<std::byte> buffer_;
  ssh::Bytes input_;  // of the buffer, not given out yet
  struct Kept {
    Source source = Source::standard_output;
    std::vector<std::byte> bytes;
  };
  std::deque<Kept> put_back_;
  Kept given_;  // that was put back before
};

}  // namespace fairlead::docker
