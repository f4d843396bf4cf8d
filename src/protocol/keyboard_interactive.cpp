// SPDX-License-Identifier: Apache-2.0
// INFO_REQUEST and INFO_RESPONSE: written, read, bounded.
#include "protocol/keyboard_interactive.hpp"

#include "base/wire.hpp"
#include "protocol/message_numbers.hpp"

#include <fairlead/ssh/limits.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace fairlead::ssh {

namespace {

// UA-7: what is no password is no answer either.
bool is_acceptable_answer(Bytes answer) noexcept {
  return answer.size() <= limits::password && std::ranges::find(answer, std::byte{0}) == answer.end();
}

using Answers = Result<std::optional<std::vector<SecretBytes>>>;

// CVE-2026-42189: the count is the peer's. Only our own number of prompts makes room.
Answers read_answers(Bytes fields, std::size_t awaited) {
  WireReader reader(fields);
  if (reader.u32() != awaited) return std::nullopt;
  std::vector<SecretBytes> answers;
  answers.reserve(awaited);
  bool acceptable = true;
  for (std::size_t i = 0; i < awaited && reader.ok(); ++i) {
    const Bytes answer = reader.string();
    acceptable = acceptable && is_acceptable_answer(answer);
    if (acceptable) answers.push_back(to_secret(answer));
  }
  if (!reader.done()) return failure(Errc::bad_message, "INFO_RESPONSE");
  if (!acceptable) return std::nullopt;
  return answers;
}

}  // namespace

ByteBuffer PromptDialogue::ask(const PromptRound& round) {
  ByteBuffer payload;
  if (round.prompts.size() > limits::auth_prompts || ++rounds_ > limits::auth_rounds) return payload;
  awaited_ = round.prompts.size();
  WireWriter writer(payload);
  writer.byte(msg::userauth_info_request).string(round.name).string(round.instruction).string("");
  writer.u32(static_cast<std::uint32_t>(round.prompts.size()));
  for (const Prompt& prompt : round.prompts) writer.string(prompt.text).boolean(prompt.echo);
  return payload;
}

Answers PromptDialogue::take_answers(MutableBytes payload) {
  const auto awaited = std::exchange(awaited_, std::nullopt);
  if (!awaited) return failure(Errc::unexpected_message, "nothing was asked");
  auto answers = read_answers(payload.subspan(1), *awaited);
  wipe(payload.subspan(1));
  return answers;
}

Result<PromptRound> read_info_request(Bytes payload) {
  WireReader reader(payload.subspan(1));
  PromptRound round;
  round.name = reader.text();
  round.instruction = reader.text();
  std::ignore = reader.text();  // the language
  const std::uint32_t count = reader.u32();
  if (count > limits::auth_prompts) return failure(Errc::bad_message, "too many prompts");
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    std::string text(reader.text());
    const bool echo = reader.boolean();
    round.prompts.emplace_back(std::move(text), echo);
  }
  if (!reader.done()) return failure(Errc::bad_message, "INFO_REQUEST");
  return round;
}

ByteBuffer write_info_response(std::span<const SecretBytes> answers) {
  std::size_t size = 5;
  for (const SecretBytes& answer : answers) size += 4 + answer.size();
  ByteBuffer payload;
  // All room at once: a buffer that grows leaves copies of the answers behind.
  std::ignore = payload.prepare(size);
  WireWriter writer(payload);
  writer.byte(msg::userauth_info_response).u32(static_cast<std::uint32_t>(answers.size()));
  for (const SecretBytes& answer : answers) writer.string(Bytes(answer));
  return payload;
}

}  // namespace fairlead::ssh
