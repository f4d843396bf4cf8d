// SPDX-License-Identifier: Apache-2.0
// Announcing host keys and proving that we own them.
#include "ssh/host_key_update.hpp"

#include <algorithm>
#include <utility>

namespace fairlead::ssh {

HostKeys host_key_list(const std::vector<PublicKey>& keys) {
  HostKeys list;
  for (const PublicKey& key : keys) list.keys.emplace_back(key.blob().begin(), key.blob().end());
  return list;
}

Task<std::optional<HostKeysProof>> prove_host_keys(std::shared_ptr<HostKeySigner> signer, ProofTask task) {
  const auto keys = signer->public_keys();
  if (task.wanted.keys.size() > keys.size()) co_return std::nullopt;
  HostKeysProof proof;
  for (const auto& blob : task.wanted.keys) {
    const auto is_it = [&](const PublicKey& ours) { return equal(ours.blob(), blob); };
    const auto key = std::ranges::find_if(keys, is_it);
    if (key == keys.end()) co_return std::nullopt;
    std::string algorithm(key->type() == "ssh-rsa" ? std::string_view(task.rsa_algorithm) : key->type());
    const auto index = static_cast<std::size_t>(key - keys.begin());
    auto signature =
        co_await signer->sign(index, std::move(algorithm), HostKeysProve::statement(task.session_id, blob));
    if (!signature) co_return std::nullopt;
    proof.signatures.push_back(std::move(*signature));
  }
  co_return proof;
}

}  // namespace fairlead::ssh
