// SPDX-License-Identifier: Apache-2.0
// Name-lists, KEXINIT and the choice between two of them.
#include "protocol/algorithms.hpp"

#include "base/wire.hpp"
#include "crypto/certificate_algorithms.hpp"
#include "crypto/key_exchange.hpp"
#include "crypto/packet_cipher.hpp"
#include "crypto/random.hpp"
#include "protocol/message_numbers.hpp"

#include <fairlead/ssh/certificate.hpp>
#include <fairlead/ssh/keys.hpp>
#include <fairlead/ssh/limits.hpp>

#include <algorithm>
#include <optional>

namespace fairlead::ssh {

namespace {

constexpr std::string_view host_key_signatures =
    "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256";
// Host keys are never in a token that somebody has to touch.
constexpr std::string_view login_signatures =
    "ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
    "sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256";
constexpr std::size_t cookie_size = 16;

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> names;
  NameList rest(list);
  for (std::string_view name; rest.pop(name);) names.emplace_back(name);
  return names;
}

std::string join(std::span<const std::string> names) {
  std::string list;
  for (const auto& name : names) {
    if (!list.empty()) list += ',';
    list += name;
  }
  return list;
}

// RFC 4253 section 7.1: the first name of the client's that the server has too.
std::optional<std::string> choose(std::span<const std::string> ours, NameList peer, bool we_are_server) {
  if (!we_are_server) {
    const auto found = std::ranges::find_if(ours, [&](const auto& name) { return peer.contains(name); });
    if (found == ours.end()) return std::nullopt;
    return *found;
  }
  for (std::string_view name; peer.pop(name);)
    if (std::ranges::find(ours, name) != ours.end()) return std::string(name);
  return std::nullopt;
}

}  // namespace

const AlgorithmPreferences& AlgorithmPreferences::defaults() {
  static const AlgorithmPreferences preferences = [] {
    AlgorithmPreferences made;
    for (const auto name : key_exchange_names()) made.key_exchanges.emplace_back(name);
    for (const auto& cipher : cipher_infos()) made.ciphers.emplace_back(cipher.name);
    for (const auto& mac : mac_infos()) made.macs.emplace_back(mac.name);
    made.host_key_algorithms = split(host_key_signatures);
    return made;
  }();
  return preferences;
}

const AlgorithmPreferences& AlgorithmPreferences::server_defaults() {
  static const AlgorithmPreferences preferences = [] {
    AlgorithmPreferences made = defaults();
    const auto served = served_key_exchange_names();
    made.key_exchanges.assign(served.begin(), served.end());
    return made;
  }();
  return preferences;
}

std::string_view signature_algorithms() noexcept {
  return login_signatures;
}

std::vector<std::string> host_key_algorithms(std::span<const PublicKey> keys,
                                             std::span<const Certificate> certificates) {
  std::vector<std::string> names;
  const auto add = [&names](const auto& shown) {
    for (const auto name : shown.algorithms())
      if (std::ranges::find(names, name) == names.end()) names.emplace_back(name);
  };
  std::ranges::for_each(certificates, add);
  std::ranges::for_each(keys, add);
  return names;
}

std::vector<std::string> host_certificate_algorithms() {
  std::vector<std::string> names;
  for (const CertificateAlgorithm& algorithm : certificate_algorithms())
    if (NameList(host_key_signatures).contains(algorithm.signature)) names.emplace_back(algorithm.name);
  return names;
}

bool NameList::valid() const noexcept {
  if (text_.empty()) return true;
  std::size_t length = 0;
  for (const char c : text_) {
    if (c == ',') {
      if (length == 0) return false;
      length = 0;
    } else if (c <= ' ' || c > '~' || ++length > limits::algorithm_name) {
      return false;
    }
  }
  return length > 0;
}

bool NameList::contains(std::string_view name) const noexcept {
  NameList rest = *this;
  for (std::string_view each; rest.pop(each);)
    if (each == name) return true;
  return false;
}

std::string_view NameList::first() const noexcept {
  NameList rest = *this;
  std::string_view name;
  rest.pop(name);
  return name;
}

bool NameList::pop(std::string_view& name) noexcept {
  if (text_.empty()) return false;
  const std::size_t comma = text_.find(',');
  name = text_.substr(0, comma);
  text_ = comma == std::string_view::npos ? std::string_view() : text_.substr(comma + 1);
  return true;
}

Result<KexInit> KexInit::decode(Bytes payload) {
  WireReader reader(payload);
  reader.raw(1 + cookie_size);
  std::array<NameList, 10> lists;
  for (auto& list : lists) list = NameList(reader.text());
  KexInit message;
  message.guess_follows = reader.boolean();
  reader.u32();  // reserved: anything is tolerated
  if (!reader.done()) return failure(Errc::bad_message, "KEXINIT");
  if (!std::ranges::all_of(lists, &NameList::valid))
    return failure(Errc::bad_message, "name-list in KEXINIT");
  message.key_exchanges = lists[0];
  message.host_keys = lists[1];
  message.ciphers = {lists[2], lists[3]};
  message.macs = {lists[4], lists[5]};
  message.compressions = {lists[6], lists[7]};
  return message;
}

void KexOffer::encode(ByteBuffer& payload, RandomSource& random) const {
  std::array<std::byte, cookie_size> cookie;
  random.fill(cookie);
  std::vector<std::string> key_exchanges = preferences.key_exchanges;
  key_exchanges.insert(key_exchanges.end(), markers.begin(), markers.end());
  const std::string ciphers = join(preferences.ciphers);
  const std::string macs = join(preferences.macs);
  WireWriter(payload)
      .byte(msg::kexinit)
      .raw(cookie)
      .string(join(key_exchanges))
      .string(join(preferences.host_key_algorithms))
      .string(ciphers)
      .string(ciphers)
      .string(macs)
      .string(macs)
      .string("none")
      .string("none")
      .string("")
      .string("")
      .boolean(false)  // we never guess
      .u32(0);
}

Result<NegotiatedAlgorithms> negotiate(const AlgorithmPreferences& ours, const KexInit& peer,
                                       bool we_are_server) {
  static const std::vector<std::string> no_compression{"none"};
  const auto key_exchange = choose(ours.key_exchanges, peer.key_exchanges, we_are_server);
  if (!key_exchange) return failure(Errc::no_common_algorithm, "key exchange");
  const auto host_key = choose(ours.host_key_algorithms, peer.host_keys, we_are_server);
  if (!host_key) return failure(Errc::no_common_algorithm, "host key");

  NegotiatedAlgorithms chosen{.key_exchange = *key_exchange, .host_key = *host_key, .cipher = {}, .mac = {}};
  for (const std::size_t direction : {0U, 1U}) {
    const auto cipher = choose(ours.ciphers, peer.ciphers[direction], we_are_server);
    if (!cipher) return failure(Errc::no_common_algorithm, "cipher");
    chosen.cipher[direction] = *cipher;
    const CipherInfo* info = find_cipher(*cipher);
    if (info == nullptr || !info->aead) {
      const auto mac = choose(ours.macs, peer.macs[direction], we_are_server);
      if (!mac) return failure(Errc::no_common_algorithm, "MAC");
      chosen.mac[direction] = *mac;
    }
    if (!choose(no_compression, peer.compressions[direction], we_are_server))
      return failure(Errc::no_common_algorithm, "compression");
  }
  // A guess is wrong when either side's first name differs, even if the choice is what was guessed.
  chosen.wrong_guess = peer.guess_follows && (peer.key_exchanges.first() != ours.key_exchanges.front() ||
                                              peer.host_keys.first() != ours.host_key_algorithms.front());
  return chosen;
}

}  // namespace fairlead::ssh
