// SPDX-License-Identifier: Apache-2.0
// A connection taken out of HTTP (101 Switching Protocols): raw bytes both ways.
#pragma once

#include <fairlead/ssh/async.hpp>
#include <fairlead/ssh/bytes.hpp>

#include <cstddef>
#include <memory>

namespace fairlead::http {

class Transport;

// A handle, cheap to copy, of one io_context. One reader and one writer at a time. Throws HttpError.
// Models ssh::ByteSource and ssh::ByteSink.
class Stream {
 public:
  Stream() = default;  // refers to nothing
  // `already_read` came with the answer's header and is delivered first.
  Stream(std::unique_ptr<Transport> transport, ssh::Bytes already_read);

  [[nodiscard]] ssh::Task<std::size_t> read_some(ssh::MutableBytes buffer) const;  // 0: end of stream
  // Fills the buffer; false when the stream ended before its first byte. Throws HttpError(closed) when it
  // ended later.
  [[nodiscard]] ssh::Task<bool> read_exactly(ssh::MutableBytes buffer) const;
  [[nodiscard]] ssh::Task<> write(ssh::Bytes data) const;
  void close_write() const;  // half-close; no effect over TLS
  void close() const;        // wakes the reader and the writer; idempotent
  explicit operator bool() const noexcept { return state_ != nullptr; }

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace fairlead::http
