// SPDX-License-Identifier: Apache-2.0
// Whether a key exchange refuses a public value, in both roles.
#pragma once

#include "crypto/key_exchange.hpp"
#include "hex.hpp"

#include <gtest/gtest.h>

namespace fairlead::ssh {

// Whether server and client both refuse `value` as the peer's.
inline testing::AssertionResult refused_by_both(std::string_view name, Bytes value) {
  const auto server_result = make_key_exchange(name)->server_reply(value);
  if (server_result) return testing::AssertionFailure() << "the server accepts " << to_hex(value);
  if (server_result.error().code != Errc::key_exchange_failed)
    return testing::AssertionFailure() << "wrong code of the server";
  const auto client = make_key_exchange(name);
  if (!client->client_init()) return testing::AssertionFailure() << "no client key";
  const auto client_result = client->client_finish(value);
  if (client_result) return testing::AssertionFailure() << "the client accepts " << to_hex(value);
  if (client_result.error().code != Errc::key_exchange_failed)
    return testing::AssertionFailure() << "wrong code of the client";
  return testing::AssertionSuccess();
}

}  // namespace fairlead::ssh
