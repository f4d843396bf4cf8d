// SPDX-License-Identifier: Apache-2.0
// The messages of RFC 4256, and the server's account of one dialogue.
#pragma once

#include "base/byte_buffer.hpp"
#include "base/secret.hpp"

#include <fairlead/ssh/error.hpp>
#include <fairlead/ssh/prompts.hpp>

#include <optional>
#include <span>
#include <vector>

namespace fairlead::ssh {

// Of one attempt: INFO_REQUEST out, INFO_RESPONSE in, limits::auth_rounds times at most.
class PromptDialogue {
 public:
  // The INFO_REQUEST of a further round. Empty when there have been too many, or it has too many prompts.
  [[nodiscard]] ByteBuffer ask(const PromptRound& round);
  // An INFO_RESPONSE, which is wiped. Nothing: they are not the answers that were asked for, and the attempt
  // has failed (section 3.4). An error: it is none, or nothing was asked.
  [[nodiscard]] Result<std::optional<std::vector<SecretBytes>>> take_answers(MutableBytes payload);

 private:
  std::optional<std::size_t> awaited_;  // answers, while there is a question
  unsigned rounds_ = 0;
};

// --- the client's half
[[nodiscard]] Result<PromptRound> read_info_request(Bytes payload);
// Holds secrets: wipe it.
[[nodiscard]] ByteBuffer write_info_response(std::span<const SecretBytes> answers);

}  // namespace fairlead::ssh
