// SPDX-License-Identifier: Apache-2.0
// Asking for proofs of host keys and checking them.
#include "ssh/host_key_learning.hpp"

#include <fairlead/ssh/global_requests.hpp>

#include <algorithm>
#include <utility>

namespace fairlead::ssh {
namespace {

// Those that we could recognise later. A server that names one twice wants something else than to tell us
// about it.
std::vector<PublicKey> known_keys(const HostKeys& announced, const RevocationList& revoked) {
  std::vector<PublicKey> keys;
  for (const auto& blob : announced.keys) {
    auto key = PublicKey::from_blob(blob);
    if (!key || revoked.revokes(*key)) continue;
    if (std::ranges::find(keys, *key) != keys.end()) return {};
    keys.push_back(std::move(*key));
  }
  return keys;
}

bool proves(const PublicKey& key, Bytes session_id, Bytes signature) {
  const auto statement = HostKeysProve::statement(session_id, key.blob());
  // RSA keys sign as the key exchange did or with the best that they can.
  return std::ranges::any_of(key.algorithms(), [&](std::string_view algorithm) {
    return key.verify(algorithm, statement, signature).has_value();
  });
}

bool all_proved(const std::vector<PublicKey>& keys, Bytes session_id, Bytes answer) {
  const auto proof = HostKeysProof::decode(answer);
  if (!proof || proof->signatures.size() != keys.size()) return false;
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (!proves(keys[i], session_id, proof->signatures[i])) return false;
  return true;
}

}  // namespace

Task<> learn_host_keys(std::shared_ptr<ConnectionImpl> connection, std::shared_ptr<const ClientConfig> config,
                       std::vector<std::byte> announced) {
  const auto named = HostKeys::decode(announced);
  if (!named) co_return;
  const auto keys = known_keys(*named, config->revoked_host_keys);
  if (keys.empty()) co_return;
  HostKeysProve wanted;
  for (const PublicKey& key : keys) wanted.keys.emplace_back(key.blob().begin(), key.blob().end());
  std::string request(HostKeysProve::wire_name);
  const auto answer = co_await connection->global_request(std::move(request), wanted.encode());
  if (!answer.success || !connection->is_open()) co_return;
  if (all_proved(keys, connection->engine().session_id(), answer.payload)) config->on_host_keys(keys);
}

}  // namespace fairlead::ssh
