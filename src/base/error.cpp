// SPDX-License-Identifier: Apache-2.0
// The one message table of the engine's errors, and their mapping to disconnect reasons.
#include <fairlead/ssh/error.hpp>

namespace fairlead::ssh {

std::string_view message(Errc code) noexcept {
  switch (code) {
    case Errc::bad_identification:
      return "invalid SSH identification string";
    case Errc::bad_packet:
      return "malformed packet";
    case Errc::packet_too_big:
      return "packet too big";
    case Errc::mac_failed:
      return "message authentication failed";
    case Errc::bad_message:
      return "malformed message";
    case Errc::unexpected_message:
      return "message not allowed in this state";
    case Errc::no_common_algorithm:
      return "no common algorithm";
    case Errc::key_exchange_failed:
      return "key exchange failed";
    case Errc::bad_signature:
      return "signature does not verify";
    case Errc::bad_key:
      return "malformed key";
    case Errc::unsupported_key:
      return "unsupported key";
    case Errc::key_exhausted:
      return "too many packets under one key";
    case Errc::host_key_rejected:
      return "host key not accepted";
    case Errc::authentication_failed:
      return "authentication failed";
    case Errc::too_many_auth_attempts:
      return "too many authentication failures";
    case Errc::service_not_available:
      return "service not available";
    case Errc::unknown_channel:
      return "message for an unknown channel";
    case Errc::window_exceeded:
      return "more data than the window allows";
    case Errc::window_overflow:
      return "window larger than 2^32-1";
    case Errc::too_many_channels:
      return "too many channels";
    case Errc::open_refused:
      return "channel open refused";
    case Errc::request_refused:
      return "request refused";
    case Errc::output_overflow:
      return "peer does not read our replies";
    case Errc::timeout:
      return "timed out";
    case Errc::end_of_stream:
      return "connection closed by peer";
    case Errc::disconnected_by_peer:
      return "disconnected by peer";
    case Errc::connection_closed:
      return "connection closed";
    case Errc::io_failed:
      return "input or output failed";
    case Errc::crypto_failed:
      return "cryptographic operation failed";
    case Errc::cancelled:
      return "cancelled";
  }
  return "unknown error";
}

std::string to_string(const Error& error) {
  std::string text(message(error.code));
  if (error.detail != nullptr && *error.detail != '\0') text.append(": ").append(error.detail);
  return text;
}

DisconnectReason disconnect_reason(Errc code) noexcept {
  switch (code) {
    case Errc::bad_identification:
      return DisconnectReason::protocol_version_not_supported;
    case Errc::mac_failed:
      return DisconnectReason::mac_error;
    case Errc::no_common_algorithm:
    case Errc::key_exchange_failed:
    case Errc::bad_signature:
    case Errc::crypto_failed:
      return DisconnectReason::key_exchange_failed;
    case Errc::host_key_rejected:
      return DisconnectReason::host_key_not_verifiable;
    case Errc::service_not_available:
      return DisconnectReason::service_not_available;
    case Errc::authentication_failed:
      return DisconnectReason::no_more_auth_methods_available;
    case Errc::end_of_stream:
    case Errc::io_failed:
      return DisconnectReason::connection_lost;
    case Errc::timeout:
    case Errc::connection_closed:
    case Errc::cancelled:
      return DisconnectReason::by_application;
    default:
      return DisconnectReason::protocol_error;
  }
}

}  // namespace fairlead::ssh
