// SPDX-License-Identifier: Apache-2.0
// gssapi-with-mic (RFC 4462 section 3), server's side: which message may follow which, and their bounds. The
// mechanism itself is the owner's.
#pragma once

#include "base/byte_buffer.hpp"
#include "base/wire.hpp"

#include <fairlead/ssh/error.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

// Of one attempt.
class GssapiExchange {
 public:
  // The mechanisms that a request offers, as DER. More than limits::gssapi_mechanisms are an empty list: none
  // of them is looked at.
  [[nodiscard]] static Result<std::vector<Bytes>> read_mechanisms(WireReader& fields);

  // The owner has chosen; the client may send tokens from now on. This and answer(): nothing when it is not
  // the turn for that.
  [[nodiscard]] std::optional<ByteBuffer> choose(Bytes mechanism);
  // The owner's answer to a token, with one of its own unless that is empty, and then so is what is to be
  // sent. `complete`: the context is established, and the client's MIC is next.
  [[nodiscard]] std::optional<ByteBuffer> answer(Bytes token, bool complete);

  enum class Step : std::uint8_t {
    token,      // for the owner
    mic,        // for the owner: over challenge()
    no_mic,     // the client ends without proving that it is the one who logs in: refused
    abandoned,  // the client's mechanism failed: nothing is answered
  };
  struct Message {
    Step step;
    Bytes body;  // of token and mic; points into the payload
  };
  // An error: malformed, out of turn, or too many tokens.
  [[nodiscard]] Result<Message> read(Bytes payload);

 private:
  enum class Stage : std::uint8_t { choosing, establishing, established };
  Stage stage_ = Stage::choosing;
  unsigned tokens_ = 0;
};

// What the MIC must cover (section 3.5): a client that logs in elsewhere cannot be relayed to us.
[[nodiscard]] std::vector<std::byte> gssapi_challenge(Bytes session_id, std::string_view user);

}  // namespace fairlead::ssh
