// SPDX-License-Identifier: Apache-2.0
// ScpPeer: the scp at the other end of the rcp protocol: its lines, bytes and answers, and ours.
#pragma once

#include <fairlead/ssh/bytes.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace fairlead::agent::scp {

// \0: go on. \1 with a sentence: this file failed, the next may do. \2, anything else or the end of the
// stream: it is over.
enum class Answer : std::uint8_t { good, refused, over };

class ScpPeer {
 public:
  // Blocking descriptors, borrowed.
  ScpPeer(int in, int out) : in_(in), out_(out) {}

  // Without its newline. Empty: the stream ended, or the line is longer than any record can be (a failure,
  // and it is complained about).
  [[nodiscard]] std::optional<std::string> line();
  // Exactly so many bytes, part by part; false, and a failure, when the stream ends before.
  [[nodiscard]] bool data(std::uint64_t size, const std::function<void(ssh::Bytes)>& take);
  // Reads one; a refusal counts as a failure, its sentence is for the other side's user, who has seen it.
  [[nodiscard]] Answer answer();

  // False: nobody is there any more.
  [[nodiscard]] bool send(std::string_view record) { return send(ssh::as_bytes(record)); }
  [[nodiscard]] bool send(ssh::Bytes data);
  [[nodiscard]] bool acknowledge() { return send(std::string_view("\0", 1)); }
  // Sends an error record "scp: what: why" and counts it as a failure.
  [[nodiscard]] bool complain(std::string_view what, std::string_view why);
  [[nodiscard]] bool complain(std::string_view what, int error);

  void count_failure() { failed_ = true; }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  [[nodiscard]] bool fill();
  [[nodiscard]] ssh::Bytes waiting() const { return {memory_.get() + begin_, end_ - begin_}; }

  // A quarter megabyte per system call; the pipes to the agent hold as much.
  static constexpr std::size_t capacity = std::size_t{256} * 1024;
  int in_, out_;
  std::unique_ptr<std::byte[]> memory_{new std::byte[capacity]};
  std::size_t begin_ = 0, end_ = 0;
  bool failed_ = false;
};

}  // namespace fairlead::agent::scp
