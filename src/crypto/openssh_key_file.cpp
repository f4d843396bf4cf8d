// SPDX-License-Identifier: Apache-2.0
// OpenSSH's private key format (PROTOCOL.key):
//
//   "openssh-key-v1\0", cipher, kdf, kdf options, u32 number of keys, public blob, private section
//   private section, encrypted: u32 check, u32 check again, key type, private fields, comment, padding 1 2 3
//   …
#include "base/wire.hpp"
#include "crypto/bcrypt_pbkdf.hpp"
#include "crypto/hash.hpp"
#include "crypto/key_file.hpp"
#include "crypto/limits.hpp"
#include "crypto/random.hpp"
#include "crypto/secret_writer.hpp"

#include <algorithm>
#include <array>

namespace fairlead::ssh {

namespace {

constexpr std::string_view begin_line = "-----BEGIN OPENSSH PRIVATE KEY-----";
constexpr std::string_view end_line = "-----END OPENSSH PRIVATE KEY-----";
constexpr std::string_view magic{"openssh-key-v1\0", 15};
constexpr std::size_t plain_block_size = 8;  // what the private section is padded to when it is not encrypted

struct FileCipher {
  std::string_view name;
  const EVP_CIPHER* (*algorithm)();
  std::size_t key_size;
};
// ssh-keygen writes the first by default and the others with -Z.
constexpr std::array file_ciphers{
    FileCipher{"aes256-ctr", &EVP_aes_256_ctr, 32}, FileCipher{"aes192-ctr", &EVP_aes_192_ctr, 24},
    FileCipher{"aes128-ctr", &EVP_aes_128_ctr, 16}, FileCipher{"aes256-cbc", &EVP_aes_256_cbc, 32},
    FileCipher{"aes192-cbc", &EVP_aes_192_cbc, 24}, FileCipher{"aes128-cbc", &EVP_aes_128_cbc, 16},
};
constexpr std::size_t aes_block_size = 16;

struct Envelope {
  std::string_view cipher, kdf;
  Bytes kdf_options, public_blob, private_section;
};

Result<SecretBytes> decode_armor(std::string_view text) {
  const std::size_t begin = text.find(begin_line);
  const std::size_t end = text.find(end_line);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin)
    return failure(Errc::bad_key, "key file has no end line");
  const std::string_view body = text.substr(begin + begin_line.size(), end - begin - begin_line.size());
  SecretBytes digits;
  digits.reserve(body.size());
  for (const char c : body)
    if (c != '\n' && c != '\r' && c != ' ' && c != '\t') digits.push_back(static_cast<std::byte>(c));
  auto decoded = from_base64(as_text(digits));
  if (!decoded) return failure(Errc::bad_key, "key file is not base64");
  SecretBytes bytes = to_secret(*decoded);
  wipe(*decoded);
  return bytes;
}

Result<Envelope> read_envelope(Bytes file) {
  WireReader reader(file);
  const Bytes prefix = reader.raw(magic.size());
  if (as_text(prefix) != magic) return failure(Errc::bad_key, "not an OpenSSH private key");
  Envelope envelope;
  envelope.cipher = reader.text();
  envelope.kdf = reader.text();
  envelope.kdf_options = reader.string();
  if (reader.u32() != 1) return failure(Errc::unsupported_key, "key file must hold one key");
  envelope.public_blob = reader.string();
  envelope.private_section = reader.string();
  if (!reader.done()) return failure(Errc::bad_key, "key file is damaged");
  return envelope;
}

// Key and IV in one piece.
Result<SecretBytes> derive_file_key(const Envelope& envelope, std::string_view passphrase, std::size_t size) {
  if (envelope.kdf != "bcrypt") return failure(Errc::unsupported_key, "unknown key derivation of a key file");
  WireReader options(envelope.kdf_options);
  const Bytes salt = options.string();
  const std::uint32_t rounds = options.u32();
  if (!options.done() || salt.empty() || salt.size() > max_bcrypt_salt || rounds == 0)
    return failure(Errc::bad_key, "key file is damaged");
  if (rounds > max_bcrypt_rounds) return failure(Errc::unsupported_key, "too many bcrypt rounds");
  if (passphrase.empty()) return failure(Errc::bad_key, "the key is encrypted and no passphrase was given");
  return bcrypt_pbkdf(passphrase, salt, rounds, size);
}

Result<> decrypt(const FileCipher& cipher, Bytes key_and_iv, MutableBytes section) {
  const EvpCipherContext context(EVP_CIPHER_CTX_new());
  const unsigned char* const key = octets(key_and_iv);
  int written = 0;
  if (!context ||
      EVP_DecryptInit_ex(context.get(), cipher.algorithm(), nullptr, key, key + cipher.key_size) != 1 ||
      EVP_CIPHER_CTX_set_padding(context.get(), 0) != 1 ||
      EVP_DecryptUpdate(context.get(), octets(section), &written, octets(section),
                        static_cast<int>(section.size())) != 1 ||
      static_cast<std::size_t>(written) != section.size())
    return failure(Errc::crypto_failed, "cannot decrypt the key file");
  return {};
}

Result<SecretBytes> plain_section(const Envelope& envelope, std::string_view passphrase) {
  SecretBytes section = to_secret(envelope.private_section);
  if (envelope.cipher == "none") {
    if (envelope.kdf != "none" || !envelope.kdf_options.empty() || section.size() % plain_block_size != 0)
      return failure(Errc::bad_key, "key file is damaged");
    return section;
  }
  const auto cipher = std::ranges::find(file_ciphers, envelope.cipher, &FileCipher::name);
  if (cipher == file_ciphers.end()) return failure(Errc::unsupported_key, "unknown cipher of a key file");
  if (section.empty() || section.size() % aes_block_size != 0)
    return failure(Errc::bad_key, "key file is damaged");
  const auto key_and_iv = derive_file_key(envelope, passphrase, cipher->key_size + aes_block_size);
  if (!key_and_iv) return std::unexpected(key_and_iv.error());
  if (const auto decrypted = decrypt(*cipher, *key_and_iv, section); !decrypted)
    return std::unexpected(decrypted.error());
  return section;
}

bool is_padding(Bytes bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i)
    if (bytes[i] != static_cast<std::byte>(i + 1)) return false;
  return bytes.size() < aes_block_size;
}

SigningKeyResult read_section(Bytes section, const Envelope& envelope) {
  WireReader fields(section);
  const std::uint32_t check = fields.u32();
  if (const std::uint32_t again = fields.u32(); !fields.ok() || check != again)
    return failure(Errc::bad_key, envelope.cipher == "none" ? "key file is damaged"
                                                            : "wrong passphrase, or the key is damaged");
  const KeyFamily* const family = find_key_family(fields.text());
  if (family == nullptr) return failure(Errc::unsupported_key);
  auto key = family->read_private(fields);
  if (!key) return key;
  (void)fields.string();  // comment
  if (!fields.ok() || !is_padding(fields.rest())) return failure(Errc::bad_key, "key file is damaged");
  if (!equal((*key)->public_blob(), envelope.public_blob))
    return failure(Errc::bad_key, "private and public key do not fit together");
  return key;
}

std::string armor(Bytes file) {
  constexpr std::size_t line_size = 70;
  std::string digits = base64(file);
  std::string text;
  text.reserve(digits.size() + digits.size() / line_size + begin_line.size() + end_line.size() + 4);
  text.append(begin_line).append("\n");
  for (std::size_t at = 0; at < digits.size(); at += line_size)
    text.append(digits, at, line_size).append("\n");
  text.append(end_line).append("\n");
  wipe(std::as_writable_bytes(std::span(digits)));
  return text;
}

}  // namespace

SigningKeyResult read_openssh_key(std::string_view text, std::string_view passphrase) {
  const auto file = decode_armor(text);
  if (!file) return std::unexpected(file.error());
  const auto envelope = read_envelope(*file);
  if (!envelope) return std::unexpected(envelope.error());
  const auto section = plain_section(*envelope, passphrase);
  if (!section) return std::unexpected(section.error());
  return read_section(*section, *envelope);
}

std::string write_openssh_key(const SigningKey& key, std::string_view comment) {
  const std::vector<std::byte> blob = key.public_blob();
  const std::string_view type = WireReader(blob).text();
  std::array<std::byte, 4> check;
  system_random().fill(check);

  SecretBytes section =
      SecretWriter().raw(check).raw(check).string(type).raw(key.private_fields()).string(comment).take();
  for (unsigned pad = 1; section.size() % plain_block_size != 0; ++pad)
    section.push_back(static_cast<std::byte>(pad));

  const SecretBytes file = SecretWriter()
                               .raw(as_bytes(magic))
                               .string("none")
                               .string("none")
                               .string("")
                               .u32(1)
                               .string(blob)
                               .string(section)
                               .take();
  return armor(file);
}

}  // namespace fairlead::ssh
