// SPDX-License-Identifier: Apache-2.0
// The reason that DISCONNECT carries, error by error (RFC 4253 section 11.1).
#include <fairlead/ssh/error.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

namespace fairlead::ssh {
namespace {

using enum DisconnectReason;

constexpr std::pair<Errc, DisconnectReason> table[] = {
    {Errc::bad_identification, protocol_version_not_supported},
    {Errc::bad_packet, protocol_error},
    {Errc::packet_too_big, protocol_error},
    {Errc::mac_failed, mac_error},
    {Errc::bad_message, protocol_error},
    {Errc::unexpected_message, protocol_error},
    {Errc::no_common_algorithm, key_exchange_failed},
    {Errc::key_exchange_failed, key_exchange_failed},
    {Errc::bad_signature, key_exchange_failed},
    {Errc::bad_key, protocol_error},
    {Errc::unsupported_key, protocol_error},
    {Errc::key_exhausted, protocol_error},
    {Errc::host_key_rejected, host_key_not_verifiable},
    {Errc::authentication_failed, no_more_auth_methods_available},
    {Errc::too_many_auth_attempts, protocol_error},  // as OpenSSH's servers say it
    {Errc::service_not_available, service_not_available},
    {Errc::unknown_channel, protocol_error},
    {Errc::window_exceeded, protocol_error},
    {Errc::window_overflow, protocol_error},
    {Errc::too_many_channels, protocol_error},
    {Errc::open_refused, protocol_error},
    {Errc::request_refused, protocol_error},
    {Errc::output_overflow, protocol_error},
    {Errc::timeout, by_application},
    {Errc::end_of_stream, connection_lost},
    {Errc::disconnected_by_peer, protocol_error},  // never sent: the peer has gone
    {Errc::connection_closed, by_application},
    {Errc::io_failed, connection_lost},
    {Errc::crypto_failed, key_exchange_failed},
    {Errc::cancelled, by_application},
};

TEST(Errors, EveryOneHasItsDisconnectReason) {
  ASSERT_EQ(std::size(table), static_cast<std::size_t>(Errc::cancelled) + 1) << "a row for each";
  for (std::size_t i = 0; i < std::size(table); ++i) {
    const auto [code, reason] = table[i];
    EXPECT_EQ(static_cast<std::size_t>(code), i);
    EXPECT_EQ(disconnect_reason(code), reason) << message(code);
  }
}

TEST(Errors, EveryOneHasASentenceOfItsOwn) {
  std::set<std::string_view> sentences{"unknown error"};
  for (const auto& [code, reason] : table)
    EXPECT_TRUE(sentences.insert(message(code)).second) << message(code);
}

TEST(Errors, WhatIsThrownKeepsThePeersWordsApart) {
  const ConnectionError error({Errc::disconnected_by_peer}, Farewell{by_application, "\x1b[2J"});
  EXPECT_STREQ(error.what(), "disconnected by peer");
  ASSERT_TRUE(error.farewell());
  EXPECT_EQ(error.farewell()->text, "\x1b[2J");
  EXPECT_FALSE(ConnectionError({Errc::timeout}).farewell());
}

}  // namespace
}  // namespace fairlead::ssh
