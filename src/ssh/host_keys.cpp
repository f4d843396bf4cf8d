// SPDX-License-Identifier: Apache-2.0
// Host keys that live in this process.
#include "ssh/signing.hpp"

#include <fairlead/ssh/server.hpp>

#include <utility>

namespace fairlead::ssh {
namespace {

class LocalHostKeys final : public HostKeySigner {
 public:
  LocalHostKeys(std::vector<PrivateKey> keys, std::vector<Certificate> certificates)
      : keys_(std::move(keys)), certificates_(std::move(certificates)) {}

  [[nodiscard]] std::vector<PublicKey> public_keys() const override {
    std::vector<PublicKey> keys;
    keys.reserve(keys_.size());
    for (const PrivateKey& key : keys_) keys.push_back(key.public_key());
    return keys;
  }

  [[nodiscard]] std::vector<Certificate> certificates() const override { return certificates_; }

  [[nodiscard]] Task<Result<std::vector<std::byte>>> sign(std::size_t index, std::string algorithm,
                                                          std::vector<std::byte> data) override {
    return sign_aside(keys_.at(index), std::move(algorithm), std::move(data));
  }

 private:
  const std::vector<PrivateKey> keys_;
  const std::vector<Certificate> certificates_;
};

}  // namespace

std::shared_ptr<HostKeySigner> local_host_keys(std::vector<PrivateKey> keys,
                                               std::vector<Certificate> certificates) {
  return std::make_shared<LocalHostKeys>(std::move(keys), std::move(certificates));
}

}  // namespace fairlead::ssh
