// SPDX-License-Identifier: Apache-2.0
// What can go wrong in the engine: Errc and Error (values), ConnectionError (thrown), and RFC 4253's
// disconnect reasons.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace fairlead::ssh {

// RFC 4253 section 11.1.
enum class DisconnectReason : std::uint32_t {
  host_not_allowed_to_connect = 1,
  protocol_error = 2,
  key_exchange_failed = 3,
  mac_error = 5,
  service_not_available = 7,
  protocol_version_not_supported = 8,
  host_key_not_verifiable = 9,
  connection_lost = 10,
  by_application = 11,
  too_many_connections = 12,
  auth_cancelled_by_user = 13,
  no_more_auth_methods_available = 14,
  illegal_user_name = 15,
};

enum class Errc : std::uint8_t {
  // framing
  bad_identification,
  bad_packet,
  packet_too_big,
  mac_failed,
  bad_message,         // a message that does not decode
  unexpected_message,  // a message that this state does not allow
  // negotiation and keys
  no_common_algorithm,
  key_exchange_failed,
  bad_signature,
  bad_key,
  unsupported_key,
  key_exhausted,  // more packets than one key may protect
  host_key_rejected,
  // authentication
  authentication_failed,
  too_many_auth_attempts,
  service_not_available,
  // connection protocol
  unknown_channel,
  window_exceeded,
  window_overflow,
  too_many_channels,
  open_refused,
  request_refused,
  // limits and ends
  output_overflow,  // the peer causes replies and does not read them
  timeout,
  end_of_stream,
  disconnected_by_peer,
  connection_closed,
  io_failed,
  crypto_failed,
  cancelled,
};

// `detail` has static storage duration: what exactly was wrong, fixed text without anything the peer sent.
struct Error {
  Errc code{};
  const char* detail = "";
};

template <class T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> failure(Errc code, const char* detail = "") {
  return std::unexpected(Error{code, detail});
}

// One sentence per code, from the one table in src/base/error.cpp; never contains peer input.
[[nodiscard]] std::string_view message(Errc code) noexcept;
// "message" or "message: detail".
[[nodiscard]] std::string to_string(const Error& error);
// The reason that DISCONNECT carries when a connection ends with this code.
[[nodiscard]] DisconnectReason disconnect_reason(Errc code) noexcept;

// What a peer said with its DISCONNECT.
struct Farewell {
  DisconnectReason reason{};  // any number: the peer's
  std::string text;  // the peer's words, at most limits::disconnect_text bytes: escape before showing
};

// What coroutines throw when the whole connection ends (style guide, section 5). Never thrown below src/ssh.
class ConnectionError : public std::runtime_error {
 public:
  explicit ConnectionError(Error error, std::optional<Farewell> farewell = {})
      : std::runtime_error(to_string(error)), error_(error), farewell_(std::move(farewell)) {}
  [[nodiscard]] const Error& error() const noexcept { return error_; }
  // With disconnected_by_peer. what() has nothing of it.
  [[nodiscard]] const std::optional<Farewell>& farewell() const noexcept { return farewell_; }

 private:
  Error error_;
  std::optional<Farewell> farewell_;
};

}  // namespace fairlead::ssh
