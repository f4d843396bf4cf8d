// SPDX-License-Identifier: Apache-2.0
// Which format a key file has, and the PEM formats through OpenSSL's decoder.
#include "crypto/key_file.hpp"

#include "crypto/limits.hpp"

#include <openssl/bio.h>
#include <openssl/pem.h>

namespace fairlead::ssh {

namespace {

using Bio = std::unique_ptr<BIO, OpenSslFree<&BIO_free>>;

struct PassphraseRequest {
  std::string_view passphrase;
  bool asked = false;
};

// Without this callback OpenSSL would ask on the terminal.
int give_passphrase(char* buffer, int size, int, void* argument) {
  auto& request = *static_cast<PassphraseRequest*>(argument);
  request.asked = true;
  if (request.passphrase.empty() || request.passphrase.size() > static_cast<std::size_t>(size)) return -1;
  request.passphrase.copy(buffer, request.passphrase.size());
  return static_cast<int>(request.passphrase.size());
}

// `openssl ecparam -genkey` writes the curve in a block of its own first, which the decoder would take for a
// key.
std::string_view from_private_key(std::string_view text) {
  constexpr std::string_view begin = "-----BEGIN ";
  for (std::size_t at = text.find(begin); at != std::string_view::npos; at = text.find(begin, at + 1)) {
    const std::string_view label = text.substr(at, text.find('\n', at) - at);
    if (label.find("PRIVATE KEY-----") != std::string_view::npos) return text.substr(at);
  }
  return text;
}

}  // namespace

SigningKeyResult read_pem_key(std::string_view text, std::string_view passphrase) {
  text = from_private_key(text);
  const Bio input(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  PassphraseRequest request{passphrase};
  EvpKey key(input ? PEM_read_bio_PrivateKey(input.get(), nullptr, &give_passphrase, &request) : nullptr);
  if (key) return adopt_signing_key(std::move(key));
  if (!request.asked) return failure(Errc::bad_key, "not a private key in PEM");
  return failure(Errc::bad_key, passphrase.empty() ? "the key is encrypted and no passphrase was given"
                                                   : "wrong passphrase, or the key is damaged");
}

SigningKeyResult read_key_file(std::string_view text, std::string_view passphrase) {
  if (text.size() > max_key_file) return failure(Errc::bad_key, "key file is too large");
  if (text.find("-----BEGIN OPENSSH PRIVATE KEY-----") != std::string_view::npos)
    return read_openssh_key(text, passphrase);
  return read_pem_key(text, passphrase);
}

}  // namespace fairlead::ssh
