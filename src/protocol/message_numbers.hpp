// SPDX-License-Identifier: Apache-2.0
// Message numbers (RFC 4250 section 4.1.2) and the few of OpenSSH's that we speak.
#pragma once

#include <cstdint>

namespace fairlead::ssh::msg {

inline constexpr std::uint8_t disconnect = 1;
inline constexpr std::uint8_t ignore = 2;
inline constexpr std::uint8_t unimplemented = 3;
inline constexpr std::uint8_t debug = 4;
inline constexpr std::uint8_t service_request = 5;
inline constexpr std::uint8_t service_accept = 6;
inline constexpr std::uint8_t ext_info = 7;  // RFC 8308
inline constexpr std::uint8_t kexinit = 20;
inline constexpr std::uint8_t newkeys = 21;
inline constexpr std::uint8_t kex_init = 30;   // SSH_MSG_KEX_ECDH_INIT and its siblings
inline constexpr std::uint8_t kex_reply = 31;  // SSH_MSG_KEX_ECDH_REPLY and its siblings
inline constexpr std::uint8_t last_kex = 49;

inline constexpr std::uint8_t userauth_request = 50;
inline constexpr std::uint8_t userauth_failure = 51;
inline constexpr std::uint8_t userauth_success = 52;
inline constexpr std::uint8_t userauth_banner = 53;
// From 60 up the numbers belong to the method (RFC 4252 section 6).
inline constexpr std::uint8_t userauth_pk_ok = 60;
inline constexpr std::uint8_t userauth_info_request = 60;  // RFC 4256
inline constexpr std::uint8_t userauth_info_response = 61;
inline constexpr std::uint8_t userauth_gssapi_response = 60;  // RFC 4462
inline constexpr std::uint8_t userauth_gssapi_token = 61;
inline constexpr std::uint8_t userauth_gssapi_exchange_complete = 63;
inline constexpr std::uint8_t userauth_gssapi_error = 64;
inline constexpr std::uint8_t userauth_gssapi_errtok = 65;
inline constexpr std::uint8_t userauth_gssapi_mic = 66;
inline constexpr std::uint8_t last_userauth = 79;

inline constexpr std::uint8_t global_request = 80;
inline constexpr std::uint8_t request_success = 81;
inline constexpr std::uint8_t request_failure = 82;
inline constexpr std::uint8_t channel_open = 90;
inline constexpr std::uint8_t channel_open_confirmation = 91;
inline constexpr std::uint8_t channel_open_failure = 92;
inline constexpr std::uint8_t channel_window_adjust = 93;
inline constexpr std::uint8_t channel_data = 94;
inline constexpr std::uint8_t channel_extended_data = 95;
inline constexpr std::uint8_t channel_eof = 96;
inline constexpr std::uint8_t channel_close = 97;
inline constexpr std::uint8_t channel_request = 98;
inline constexpr std::uint8_t channel_success = 99;
inline constexpr std::uint8_t channel_failure = 100;

inline constexpr std::uint8_t ping = 192;  // OpenSSH PROTOCOL 1.8, ping@openssh.com
inline constexpr std::uint8_t pong = 193;

}  // namespace fairlead::ssh::msg
