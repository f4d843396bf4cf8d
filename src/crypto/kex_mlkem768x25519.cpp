// SPDX-License-Identifier: Apache-2.0
// mlkem768x25519-sha256 (draft-ietf-sshm-mlkem-hybrid-kex): secret while either ML-KEM-768 or X25519 holds.
#include "crypto/hash.hpp"
#include "crypto/key_exchange_families.hpp"
#include "crypto/mlkem768.hpp"
#include "crypto/secret_writer.hpp"
#include "crypto/x25519.hpp"

#include <optional>

namespace fairlead::ssh {

namespace {

std::vector<std::byte> joined(Bytes post_quantum, Bytes classical) {
  std::vector<std::byte> both(post_quantum.begin(), post_quantum.end());
  both.insert(both.end(), classical.begin(), classical.end());
  return both;
}

class KexMlKem768X25519 final : public KeyExchange {
 public:
  const char* hash_name() const noexcept override { return "SHA256"; }

  Result<std::vector<std::byte>> client_init() override {
    auto post_quantum = MlKem768Key::generate();
    if (!post_quantum) return std::unexpected(post_quantum.error());
    auto classical = X25519Key::generate();
    if (!classical) return std::unexpected(classical.error());
    post_quantum_ = std::move(*post_quantum);
    classical_ = std::move(*classical);
    return joined(post_quantum_->encapsulation_key(), classical_->public_value());
  }

  Result<ServerShare> server_reply(Bytes client_value) override {
    if (client_value.size() != mlkem768_key_size + x25519_size)
      return failure(Errc::key_exchange_failed, "C_INIT is not 1216 bytes");
    const auto key = X25519Key::generate();
    if (!key) return std::unexpected(key.error());
    // X25519 first: it is the cheaper one to refuse.
    const auto classical = key->agree(client_value.subspan(mlkem768_key_size));
    if (!classical) return std::unexpected(classical.error());
    const auto post_quantum = mlkem768_encapsulate(client_value.first(mlkem768_key_size));
    if (!post_quantum) return std::unexpected(post_quantum.error());
    return ServerShare{joined(post_quantum->ciphertext, key->public_value()),
                       combined(post_quantum->shared_secret, *classical)};
  }

  Result<SecretBytes> client_finish(Bytes server_value) override {
    if (!post_quantum_ || !classical_) return failure(Errc::key_exchange_failed, "no key was made");
    if (server_value.size() != mlkem768_ciphertext_size + x25519_size)
      return failure(Errc::key_exchange_failed, "S_REPLY is not 1120 bytes");
    const auto classical = classical_->agree(server_value.subspan(mlkem768_ciphertext_size));
    if (!classical) return std::unexpected(classical.error());
    const auto post_quantum = post_quantum_->decapsulate(server_value.first(mlkem768_ciphertext_size));
    if (!post_quantum) return std::unexpected(post_quantum.error());
    return combined(*post_quantum, *classical);
  }

 private:
  // K = SHA256(K_PQ || K_CL). A string, unlike all others: its length is fixed, so nothing tells of leading
  // zeros.
  static SecretBytes combined(Bytes post_quantum, Bytes classical) {
    auto key = digest("SHA256", {post_quantum, classical});
    auto encoded = SecretWriter().string(Bytes(key)).take();
    wipe(key);
    return encoded;
  }

  std::optional<MlKem768Key> post_quantum_;
  std::optional<X25519Key> classical_;
};

}  // namespace

std::unique_ptr<KeyExchange> make_kex_mlkem768x25519() {
  return std::make_unique<KexMlKem768X25519>();
}

}  // namespace fairlead::ssh
