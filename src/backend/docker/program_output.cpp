// SPDX-License-Identifier: Apache-2.0
// Reading, and taking frames apart.
#include "backend/docker/program_output.hpp"

#include "http/limits.hpp"

#include <utility>

namespace fairlead::docker {

ProgramOutput::ProgramOutput(http::Stream stream, bool terminal)
    : stream_(std::move(stream)), terminal_(terminal), buffer_(http::limits::read_size) {}

ProgramOutput::Piece ProgramOutput::give(Piece piece) const {
  if (all_error_) piece.source = Source::standard_error;
  return piece;
}

ssh::Task<std::optional<ProgramOutput::Piece>> ProgramOutput::next() {
  if (!put_back_.empty()) {
    given_ = std::move(put_back_.front());
    put_back_.pop_front();
    co_return give({given_.source, given_.bytes});
  }
  for (;;) {
    if (!terminal_) {
      if (const auto piece = decoder_.next(input_)) co_return give(*piece);
    } else if (!input_.empty()) {
      co_return give({Source::standard_output, std::exchange(input_, {})});
    }
    const auto size = co_await stream_.read_some(buffer_);
    if (size == 0) co_return std::nullopt;
    input_ = ssh::Bytes(buffer_).first(size);
  }
}

void ProgramOutput::put_back(Source source, std::vector<std::byte> bytes) {
  if (!bytes.empty()) put_back_.push_back({source, std::move(bytes)});
}

}  // namespace fairlead::docker
