// SPDX-License-Identifier: Apache-2.0
// The messages of RFC 4462 section 3 in their order.
#include "protocol/gssapi_exchange.hpp"

#include "protocol/message_numbers.hpp"

#include <fairlead/ssh/limits.hpp>

namespace fairlead::ssh {

// CVE-2025-58181: the count is the peer's, and so is the length of each.
Result<std::vector<Bytes>> GssapiExchange::read_mechanisms(WireReader& fields) {
  const std::uint32_t count = fields.u32();
  std::vector<Bytes> mechanisms;
  if (!fields.ok() || count == 0 || count > limits::gssapi_mechanisms) return mechanisms;
  for (std::uint32_t i = 0; i < count && fields.ok(); ++i) mechanisms.push_back(fields.string());
  if (!fields.done()) return failure(Errc::bad_message, "gssapi-with-mic request");
  return mechanisms;
}

std::optional<ByteBuffer> GssapiExchange::choose(Bytes mechanism) {
  if (stage_ != Stage::choosing) return std::nullopt;
  ByteBuffer payload;
  stage_ = Stage::establishing;
  WireWriter(payload).byte(msg::userauth_gssapi_response).string(mechanism);
  return payload;
}

std::optional<ByteBuffer> GssapiExchange::answer(Bytes token, bool complete) {
  if (stage_ != Stage::establishing) return std::nullopt;
  ByteBuffer payload;
  if (complete) stage_ = Stage::established;
  if (!token.empty()) WireWriter(payload).byte(msg::userauth_gssapi_token).string(token);
  return payload;
}

Result<GssapiExchange::Message> GssapiExchange::read(Bytes payload) {
  WireReader reader(payload.subspan(1));
  const auto number = std::to_integer<std::uint8_t>(payload[0]);
  if (stage_ == Stage::choosing) return failure(Errc::unexpected_message, "no mechanism was chosen");
  if (number == msg::userauth_gssapi_exchange_complete) {
    if (!reader.done()) return failure(Errc::bad_message, "GSSAPI_EXCHANGE_COMPLETE");
    return Message{.step = Step::no_mic, .body = {}};
  }
  const Bytes body = reader.string();
  if (!reader.done()) return failure(Errc::bad_message, "GSSAPI message");
  switch (number) {
    case msg::userauth_gssapi_errtok:
      return Message{.step = Step::abandoned, .body = {}};
    case msg::userauth_gssapi_token:
      if (stage_ != Stage::establishing || ++tokens_ > limits::auth_rounds)
        return failure(Errc::unexpected_message, "a token too many");
      return Message{.step = Step::token, .body = body};
    case msg::userauth_gssapi_mic:
      if (stage_ != Stage::established) return failure(Errc::unexpected_message, "a MIC without a context");
      return Message{.step = Step::mic, .body = body};
    default:
      return failure(Errc::unexpected_message);
  }
}

std::vector<std::byte> gssapi_challenge(Bytes session_id, std::string_view user) {
  ByteBuffer data;
  WireWriter(data)
      .string(session_id)
      .byte(msg::userauth_request)
      .string(user)
      .string("ssh-connection")
      .string("gssapi-with-mic");
  const Bytes bytes = data.readable();
  return {bytes.begin(), bytes.end()};
}

}  // namespace fairlead::ssh
