// SPDX-License-Identifier: Apache-2.0
// Announcing host keys and proving that we own them.
#include "ssh/host_key_update.hpp"

#include "base/wire.hpp"

#include <algorithm>
#include <utility>

namespace fairlead::ssh {
namespace {

std::vector<std::byte> content(const ByteBuffer& buffer) {
  const Bytes bytes = buffer.readable();
  return {bytes.begin(), bytes.end()};
}

}  // namespace

std::vector<std::byte> host_key_list(const std::vector<PublicKey>& keys) {
  ByteBuffer list;
  WireWriter writer(list);
  for (const PublicKey& key : keys) writer.string(key.blob());
  return content(list);
}

Task<std::optional<std::vector<std::byte>>> prove_host_keys(std::shared_ptr<HostKeySigner> signer,
                                                            ProofTask task) {
  const auto keys = signer->public_keys();
  ByteBuffer proofs;
  WireReader wanted(task.wanted);
  for (std::size_t count = 0; !wanted.rest().empty(); ++count) {
    const Bytes blob = wanted.string();
    const auto is_it = [&](const PublicKey& ours) { return equal(ours.blob(), blob); };
    const auto key = std::ranges::find_if(keys, is_it);
    if (!wanted.ok() || key == keys.end() || count == keys.size()) co_return std::nullopt;
    ByteBuffer statement;
    WireWriter(statement).string(prove_request).string(task.session_id).string(blob);
    std::string algorithm(key->type() == "ssh-rsa" ? std::string_view(task.rsa_algorithm) : key->type());
    const auto index = static_cast<std::size_t>(key - keys.begin());
    const auto signature = co_await signer->sign(index, std::move(algorithm), content(statement));
    if (!signature) co_return std::nullopt;
    WireWriter(proofs).string(*signature);
  }
  co_return content(proofs);
}

}  // namespace fairlead::ssh
