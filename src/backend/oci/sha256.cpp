// SPDX-License-Identifier: Apache-2.0
// SHA-256 through OpenSSL.
#include "backend/oci/sha256.hpp"

#include "base/hex.hpp"

#include <openssl/evp.h>

#include <array>
#include <span>

namespace fairlead::backend::oci {

void Sha256::Deleter::operator()(evp_md_ctx_st* context) const {
  ::EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(::EVP_MD_CTX_new()) {
  ::EVP_DigestInit_ex(context_.get(), ::EVP_sha256(), nullptr);
}

void Sha256::update(std::string_view data) {
  ::EVP_DigestUpdate(context_.get(), data.data(), data.size());
}

std::string Sha256::hex() {
  std::array<unsigned char, 32> digest{};
  ::EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
  return ssh::to_hex(std::as_bytes(std::span(digest)));
}

std::string sha256_hex(std::string_view data) {
  Sha256 hash;
  hash.update(data);
  return hash.hex();
}

}  // namespace fairlead::backend::oci
