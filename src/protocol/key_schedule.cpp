// SPDX-License-Identifier: Apache-2.0
// Hashing the transcript of a key exchange, and stretching its secret into keys.
#include "protocol/key_schedule.hpp"

#include "base/wire.hpp"
#include "crypto/hash.hpp"

namespace fairlead::ssh {

std::vector<std::byte> exchange_hash(const char* hash_name, const ExchangeTranscript& transcript) {
  ByteBuffer fields;
  WireWriter writer(fields);
  writer.string(transcript.client_identification)
      .string(transcript.server_identification)
      .string(transcript.client_kexinit)
      .string(transcript.server_kexinit)
      .string(transcript.host_key);
  for (const Bytes value : {transcript.client_value, transcript.server_value}) {
    if (transcript.values_are_mpints)
      writer.mpint(value);
    else
      writer.string(value);
  }
  // The secret is not copied into a buffer that nobody wipes.
  return digest(hash_name, {fields.readable(), transcript.shared_secret});
}

SecretBytes KeySchedule::derive(char letter, std::size_t size) const {
  const std::byte label{static_cast<unsigned char>(letter)};
  SecretBytes key;
  // K1 = HASH(K || H || X || session_id), K2 = HASH(K || H || K1), K3 = HASH(K || H || K1 || K2) …
  while (key.size() < size) {
    auto block = key.empty() ? digest(hash_name, {shared_secret, exchange_hash, Bytes(&label, 1), session_id})
                             : digest(hash_name, {shared_secret, exchange_hash, key});
    key.insert(key.end(), block.begin(), block.end());
    wipe(block);
  }
  wipe(MutableBytes(key).subspan(size));
  key.resize(size);
  return key;
}

Result<std::unique_ptr<PacketCipher>> KeySchedule::make_cipher(const NegotiatedAlgorithms& algorithms,
                                                               Flow flow, Direction direction) const {
  const auto index = static_cast<std::size_t>(flow);
  const bool to_server = flow == Flow::client_to_server;
  const CipherInfo* cipher = find_cipher(algorithms.cipher[index]);
  if (cipher == nullptr) return failure(Errc::crypto_failed, "unknown cipher");
  std::size_t mac_key_size = 0;
  if (!cipher->aead) {
    const MacInfo* mac = find_mac(algorithms.mac[index]);
    if (mac == nullptr) return failure(Errc::crypto_failed, "unknown MAC");
    mac_key_size = mac->key_size;
  }
  const SecretBytes iv = derive(to_server ? 'A' : 'B', cipher->iv_size);
  const SecretBytes key = derive(to_server ? 'C' : 'D', cipher->key_size);
  const SecretBytes mac_key = derive(to_server ? 'E' : 'F', mac_key_size);
  const CipherKeys keys{.key = key, .iv = iv, .mac_key = mac_key};
  return make_packet_cipher(cipher->name, algorithms.mac[index], direction, keys);
}

}  // namespace fairlead::ssh
