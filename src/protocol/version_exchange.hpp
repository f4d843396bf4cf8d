// SPDX-License-Identifier: Apache-2.0
// The identification strings of RFC 4253 section 4.2.
#pragma once

#include <fairlead/ssh/bytes.hpp>
#include <fairlead/ssh/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace fairlead::ssh {

// Receives the peer's identification. A client lets a server send other lines first; a server lets a client
// send none.
class VersionExchange {
 public:
  explicit VersionExchange(bool lines_before) noexcept : lines_before_(lines_before) {}

  // True when the identification is complete; `input` is then at the first byte after its LF. Nothing of an
  // incomplete line is kept here: present it again with more behind it. Looks at each byte once.
  [[nodiscard]] Result<bool> receive(MutableBytes& input);

  // Without CR LF, exactly as received: it enters the exchange hash.
  [[nodiscard]] std::string_view peer() const noexcept { return peer_; }

 private:
  [[nodiscard]] Result<bool> on_line(std::string_view line);
  [[nodiscard]] Result<> check_length(std::size_t size, std::string_view beginning) const;

  std::string peer_;
  std::size_t scanned_ = 0;  // bytes of the present line that hold no LF
  std::size_t lines_ = 0;
  std::size_t bytes_ = 0;
  bool lines_before_;
};

// What we send, without CR LF: the error says what of RFC 4253 section 4.2 it breaks.
[[nodiscard]] Result<> check_identification(std::string_view identification);

}  // namespace fairlead::ssh
