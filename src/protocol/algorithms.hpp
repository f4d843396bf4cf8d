// SPDX-License-Identifier: Apache-2.0
// Which algorithms we offer, and the negotiation of RFC 4253 section 7.1.
#pragma once

#include <fairlead/ssh/bytes.hpp>
#include <fairlead/ssh/error.hpp>

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

class RandomSource;
class ByteBuffer;
class PublicKey;
class Certificate;

// Names in order of preference. Everything listed must be known to the crypto floor.
struct AlgorithmPreferences {
  std::vector<std::string> key_exchanges;
  std::vector<std::string> host_key_algorithms;  // client; a server offers what its keys can do
  std::vector<std::string> ciphers;
  std::vector<std::string> macs;

  [[nodiscard]] static const AlgorithmPreferences& defaults();         // everything: a client's
  [[nodiscard]] static const AlgorithmPreferences& server_defaults();  // of key exchanges only the cheap ones
};

// What a publickey login may be signed with (RFC 8308 section 3.1's server-sig-algs), best first; never
// ssh-rsa.
[[nodiscard]] std::string_view signature_algorithms() noexcept;
// What a server with these keys offers, in their order, certificates first.
[[nodiscard]] std::vector<std::string> host_key_algorithms(std::span<const PublicKey> keys,
                                                           std::span<const Certificate> certificates = {});
// What a client offers before all else when it trusts a CA of hosts.
[[nodiscard]] std::vector<std::string> host_certificate_algorithms();

// A name-list of RFC 4251 section 5. Keeps no copy.
class NameList {
 public:
  NameList() = default;
  explicit NameList(std::string_view text) noexcept : text_(text) {}

  // Names of 1 to 64 printable ASCII characters, one comma between each two (RFC 4251 section 6).
  [[nodiscard]] bool valid() const noexcept;
  [[nodiscard]] bool contains(std::string_view name) const noexcept;
  [[nodiscard]] std::string_view first() const noexcept;  // empty when there is none
  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
  // Takes the first name off; false when there is none.
  bool pop(std::string_view& name) noexcept;

 private:
  std::string_view text_;
};

// SSH_MSG_KEXINIT as received; the lists point into the payload.
struct KexInit {
  NameList key_exchanges, host_keys;
  std::array<NameList, 2> ciphers, macs, compressions;  // [0] client to server, [1] server to client
  bool guess_follows = false;

  [[nodiscard]] static Result<KexInit> decode(Bytes payload);
};

// Our own KEXINIT.
struct KexOffer {
  AlgorithmPreferences preferences;
  // Names that mark abilities and are never chosen: ext-info-c, kex-strict-…; only in the first KEXINIT.
  std::vector<std::string> markers;

  void encode(ByteBuffer& payload, RandomSource& random) const;
};

struct NegotiatedAlgorithms {
  std::string key_exchange, host_key;
  std::array<std::string, 2> cipher, mac;  // [0] client to server; a MAC is empty with an AEAD
  bool wrong_guess = false;                // the peer's next packet is to be skipped (RFC 4253 section 7)
};
// no_common_algorithm, with the kind as detail, when one list has nothing in common.
[[nodiscard]] Result<NegotiatedAlgorithms> negotiate(const AlgorithmPreferences& ours, const KexInit& peer,
                                                     bool we_are_server);

}  // namespace fairlead::ssh
