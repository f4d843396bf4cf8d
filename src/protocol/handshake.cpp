// SPDX-License-Identifier: Apache-2.0
// The steps of a key exchange, from KEXINIT to NEWKEYS.
#include "protocol/handshake.hpp"

#include "base/wire.hpp"
#include "crypto/key_exchange.hpp"
#include "crypto/mpint.hpp"
#include "protocol/message_numbers.hpp"
#include "protocol/shown_key.hpp"

#include <fairlead/ssh/limits.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace fairlead::ssh {

namespace {

constexpr std::string_view strict_server = "kex-strict-s-v00@openssh.com";
constexpr std::string_view strict_client = "kex-strict-c-v00@openssh.com";
constexpr std::string_view ext_info_server = "ext-info-s";
constexpr std::string_view ext_info_client = "ext-info-c";

Bytes body(Bytes payload) {
  return payload.subspan(1);
}

KexOffer make_offer(const EngineConfig& config, bool with_markers) {
  const AlgorithmPreferences& defaults = config.role == Role::server ? AlgorithmPreferences::server_defaults()
                                                                     : AlgorithmPreferences::defaults();
  KexOffer offer;
  offer.preferences = config.algorithms;
  const auto use_default = [&](auto list) {
    if ((offer.preferences.*list).empty()) offer.preferences.*list = defaults.*list;
  };
  use_default(&AlgorithmPreferences::key_exchanges);
  use_default(&AlgorithmPreferences::ciphers);
  use_default(&AlgorithmPreferences::macs);
  if (config.role == Role::server) {
    offer.preferences.host_key_algorithms = host_key_algorithms(config.host_keys, config.host_certificates);
    if (with_markers) offer.markers = {std::string(ext_info_server), std::string(strict_server)};
  } else {
    use_default(&AlgorithmPreferences::host_key_algorithms);
    if (with_markers) offer.markers = {std::string(ext_info_client), std::string(strict_client)};
  }
  return offer;
}

void write_public_value(WireWriter& writer, const KeyExchange& method, Bytes value) {
  if (method.public_values_are_mpints())
    writer.mpint(value);
  else
    writer.string(value);
}

// The magnitude of an mpint, or a string.
Result<Bytes> read_public_value(WireReader& reader, const KeyExchange& method) {
  const auto value =
      method.public_values_are_mpints() ? read_mpint(reader) : std::optional<Bytes>(reader.string());
  if (!reader.ok()) return failure(Errc::bad_message, "public value");
  if (!value) return failure(Errc::key_exchange_failed, "public value is negative or not minimal");
  return *value;
}

}  // namespace

struct Handshake::Exchange {
  enum class Step : std::uint8_t { kexinit, value, signature, host_key, newkeys };

  Step awaited = Step::kexinit;
  bool skip_next = false;
  AlgorithmPreferences preferences;  // ours; not kept between key exchanges
  std::vector<std::byte> our_kexinit, peer_kexinit;
  std::unique_ptr<KeyExchange> method;
  std::vector<std::byte> client_value, server_value;
  std::vector<std::byte> host_key;  // blob
  SecretBytes shared_secret;
  std::vector<std::byte> hash;
  std::unique_ptr<PacketCipher> incoming;  // from the peer's NEWKEYS on
};

Handshake::Handshake(const Parts& parts) : parts_(parts) {}

Handshake::~Handshake() = default;

Result<> Handshake::start() {
  if (exchange_) return {};
  exchange_ = std::make_unique<Exchange>();
  // KX-16, KX-19: the markers mean something in the first KEXINIT only.
  KexOffer offer = make_offer(parts_.config, is_first());
  ByteBuffer payload;
  offer.encode(payload, parts_.random);
  exchange_->preferences = std::move(offer.preferences);
  exchange_->our_kexinit.assign(payload.readable().begin(), payload.readable().end());
  const auto sent = parts_.writer.write(payload.readable());
  holds_back_output_ = true;
  return sent;
}

Handshake::Told Handshake::on_message(Bytes payload, std::string_view peer) {
  switch (std::to_integer<std::uint8_t>(payload[0])) {
    case msg::kexinit:
      return on_kexinit(payload);
    case msg::kex_init:
      return on_client_value(payload, peer);
    case msg::kex_reply:
      return on_server_reply(payload, peer);
    case msg::newkeys:
      return on_newkeys(payload);
    default:
      return failure(Errc::unexpected_message);
  }
}

Handshake::Told Handshake::on_kexinit(Bytes payload) {
  const auto message = KexInit::decode(payload);
  if (!message) return std::unexpected(message.error());
  const auto started = start();
  if (!started) return std::unexpected(started.error());
  if (is_first()) {
    const auto read = read_markers(*message);
    if (!read) return std::unexpected(read.error());
  }
  auto chosen = negotiate(exchange_->preferences, *message, is_server());
  if (!chosen) return std::unexpected(chosen.error());
  algorithms_ = std::move(*chosen);

  exchange_->peer_kexinit.assign(payload.begin(), payload.end());
  exchange_->skip_next = algorithms_.wrong_guess;
  exchange_->awaited = Exchange::Step::value;
  exchange_->method = make_key_exchange(algorithms_.key_exchange);
  if (!exchange_->method) return failure(Errc::crypto_failed, "unknown key exchange");
  if (is_server()) return std::nullopt;

  auto value = exchange_->method->client_init();
  if (!value) return std::unexpected(value.error());
  exchange_->client_value = std::move(*value);
  ByteBuffer init;
  WireWriter writer(init);
  writer.byte(msg::kex_init);
  write_public_value(writer, *exchange_->method, exchange_->client_value);
  const auto sent = parts_.writer.write(init.readable());
  if (!sent) return std::unexpected(sent.error());
  return std::nullopt;
}

Result<> Handshake::read_markers(const KexInit& message) {
  peer_takes_ext_info_ = message.key_exchanges.contains(is_server() ? ext_info_client : ext_info_server);
  strict_ = message.key_exchanges.contains(is_server() ? strict_client : strict_server);
  if (!strict_ && parts_.config.require_strict_kex)
    return failure(Errc::no_common_algorithm, "no strict key exchange");
  // KX-16 (a): nothing may have come before the KEXINIT, which was number 0 then.
  if (strict_ && parts_.reader.sequence() != 1)
    return failure(Errc::unexpected_message, "KEXINIT was not the first packet");
  return {};
}

bool Handshake::skips(std::uint8_t number) noexcept {
  if (!exchange_ || !exchange_->skip_next || number < msg::kex_init || number > msg::last_kex) return false;
  exchange_->skip_next = false;
  return true;
}

Handshake::Told Handshake::on_client_value(Bytes payload, std::string_view peer) {
  if (!exchange_ || !is_server() || exchange_->awaited != Exchange::Step::value)
    return failure(Errc::unexpected_message);
  WireReader reader(body(payload));
  const auto value = read_public_value(reader, *exchange_->method);
  if (!value) return std::unexpected(value.error());
  if (!reader.done()) return failure(Errc::bad_message, "KEX_INIT");
  exchange_->client_value.assign(value->begin(), value->end());

  auto share = exchange_->method->server_reply(exchange_->client_value);
  if (!share) return std::unexpected(share.error());
  exchange_->shared_secret = std::move(share->shared_secret);
  exchange_->server_value = std::move(share->reply);

  const auto host_key = choose_host_key();
  if (!host_key) return std::unexpected(host_key.error());
  exchange_->host_key.assign(host_key->blob.begin(), host_key->blob.end());
  hash_transcript(peer);
  exchange_->awaited = Exchange::Step::signature;
  return EngineEvent(event::SignatureWanted{
      .host_key = host_key->index, .algorithm = host_key->signature, .exchange_hash = exchange_->hash});
}

Result<Handshake::HostKeyChoice> Handshake::choose_host_key() const {
  const auto& keys = parts_.config.host_keys;
  const std::string_view wanted = algorithms_.host_key;
  const auto fits = [wanted](const auto& shown) {
    const auto names = shown.algorithms();
    return std::ranges::find(names, wanted) != names.end();
  };
  const auto place = [&keys](auto key) { return static_cast<std::size_t>(key - keys.begin()); };
  for (const Certificate& certificate : parts_.config.host_certificates) {
    const auto key = std::ranges::find(keys, certificate.key());
    if (fits(certificate) && key != keys.end())
      return HostKeyChoice{
          .index = place(key), .blob = certificate.blob(), .signature = plain_algorithm(wanted)};
  }
  const auto key = std::ranges::find_if(keys, fits);
  if (key == keys.end()) return failure(Errc::no_common_algorithm, "host key");
  return HostKeyChoice{.index = place(key), .blob = key->blob(), .signature = wanted};
}

void Handshake::hash_transcript(std::string_view peer) {
  const bool server = is_server();
  const std::string_view ours = parts_.config.identification;
  const ExchangeTranscript transcript{
      .client_identification = server ? peer : ours,
      .server_identification = server ? ours : peer,
      .client_kexinit = server ? exchange_->peer_kexinit : exchange_->our_kexinit,
      .server_kexinit = server ? exchange_->our_kexinit : exchange_->peer_kexinit,
      .host_key = exchange_->host_key,
      .client_value = exchange_->client_value,
      .server_value = exchange_->server_value,
      .values_are_mpints = exchange_->method->public_values_are_mpints(),
      .shared_secret = exchange_->shared_secret,
  };
  exchange_->hash = exchange_hash(exchange_->method->hash_name(), transcript);
}

Result<> Handshake::host_signature(Bytes signature) {
  if (!exchange_ || exchange_->awaited != Exchange::Step::signature) return {};
  ByteBuffer reply;
  WireWriter writer(reply);
  writer.byte(msg::kex_reply).string(exchange_->host_key);
  write_public_value(writer, *exchange_->method, exchange_->server_value);
  writer.string(signature);
  const auto sent = parts_.writer.write(reply.readable());
  if (!sent) return sent;
  return switch_output();
}

Handshake::Told Handshake::on_server_reply(Bytes payload, std::string_view peer) {
  if (!exchange_ || is_server() || exchange_->awaited != Exchange::Step::value)
    return failure(Errc::unexpected_message);
  WireReader reader(body(payload));
  const Bytes blob = reader.string();
  const auto value = read_public_value(reader, *exchange_->method);
  if (!value) return std::unexpected(value.error());
  const Bytes signature = reader.string();
  if (!reader.done()) return failure(Errc::bad_message, "KEX_REPLY");

  const auto shown = ShownKey::from_blob(blob);
  if (!shown) return std::unexpected(shown.error());
  const std::string_view signature_algorithm = shown->signature_algorithm(algorithms_.host_key);
  if (signature_algorithm.empty()) return failure(Errc::host_key_rejected, "not of the negotiated algorithm");
  // KX-20: a key that changes during the connection belongs to someone else.
  if (!is_first() && !equal(blob, host_key_blob_))
    return failure(Errc::host_key_rejected, "changed by a rekey");

  exchange_->host_key.assign(blob.begin(), blob.end());
  exchange_->server_value.assign(value->begin(), value->end());
  auto secret = exchange_->method->client_finish(exchange_->server_value);
  if (!secret) return std::unexpected(secret.error());
  exchange_->shared_secret = std::move(*secret);
  hash_transcript(peer);
  const auto verified = shown->key().verify(signature_algorithm, exchange_->hash, signature);
  if (!verified) return std::unexpected(verified.error());

  exchange_->awaited = Exchange::Step::host_key;
  if (is_first()) return EngineEvent(event::HostKeyOffered{shown->key(), shown->certificate()});
  const auto accepted = accept_host_key();
  if (!accepted) return std::unexpected(accepted.error());
  return std::nullopt;
}

Result<> Handshake::accept_host_key() {
  if (!exchange_ || exchange_->awaited != Exchange::Step::host_key) return {};
  return switch_output();
}

Result<> Handshake::switch_output() {
  if (is_first()) {
    session_id_ = exchange_->hash;
    host_key_blob_ = exchange_->host_key;
  }
  const KeySchedule schedule{.hash_name = exchange_->method->hash_name(),
                             .shared_secret = exchange_->shared_secret,
                             .exchange_hash = exchange_->hash,
                             .session_id = session_id_};
  const Flow outgoing = is_server() ? Flow::server_to_client : Flow::client_to_server;
  const Flow incoming = is_server() ? Flow::client_to_server : Flow::server_to_client;
  auto sealer = schedule.make_cipher(algorithms_, outgoing, Direction::seal);
  if (!sealer) return std::unexpected(sealer.error());
  auto opener = schedule.make_cipher(algorithms_, incoming, Direction::open);
  if (!opener) return std::unexpected(opener.error());
  exchange_->incoming = std::move(*opener);
  exchange_->shared_secret = {};

  const std::byte newkeys{msg::newkeys};
  const auto sent = parts_.writer.write({&newkeys, 1});
  if (!sent) return sent;
  parts_.writer.use(std::move(*sealer), byte_budget(outgoing), strict_);
  exchange_->awaited = Exchange::Step::newkeys;
  holds_back_output_ = false;
  if (is_server() && is_first() && peer_takes_ext_info_) return send_ext_info();
  return {};
}

Result<> Handshake::send_ext_info() {
  const std::array<std::pair<std::string_view, std::string_view>, 3> extensions{{
      {"server-sig-algs", signature_algorithms()},
      {"ping@openssh.com", "0"},
      {"publickey-hostbound@openssh.com", "0"},
  }};
  ByteBuffer payload;
  WireWriter writer(payload);
  writer.byte(msg::ext_info).u32(static_cast<std::uint32_t>(extensions.size()));
  for (const auto& [name, value] : extensions) writer.string(name).string(value);
  return parts_.writer.write(payload.readable());
}

Handshake::Told Handshake::on_newkeys(Bytes payload) {
  if (!exchange_ || exchange_->awaited != Exchange::Step::newkeys) return failure(Errc::unexpected_message);
  if (payload.size() != 1) return failure(Errc::bad_message, "NEWKEYS");
  const Flow incoming = is_server() ? Flow::client_to_server : Flow::server_to_client;
  parts_.reader.use(std::move(exchange_->incoming), byte_budget(incoming), strict_);
  exchange_.reset();
  return EngineEvent(event::KeysReady{.first = !std::exchange(keys_in_use_, true)});
}

std::uint64_t Handshake::cipher_bytes(Flow flow) const noexcept {
  const CipherInfo* cipher = find_cipher(algorithms_.cipher[static_cast<std::size_t>(flow)]);
  return cipher == nullptr ? 0 : cipher->rekey_bytes;
}

std::uint64_t Handshake::byte_budget(Flow flow) const noexcept {
  const std::uint64_t configured = parts_.config.rekey_bytes;
  return configured == 0 ? cipher_bytes(flow) : std::min(configured, cipher_bytes(flow));
}

bool Handshake::awaits_owner() const noexcept {
  return exchange_ &&
         (exchange_->awaited == Exchange::Step::signature || exchange_->awaited == Exchange::Step::host_key);
}

std::optional<Phase> Handshake::phase() const noexcept {
  if (!exchange_ || exchange_->awaited == Exchange::Step::kexinit)
    return is_first() ? std::optional(Phase::kexinit) : std::nullopt;
  if (exchange_->awaited == Exchange::Step::newkeys)
    return is_first() ? Phase::newkeys : Phase::rekey_newkeys;
  return is_first() ? Phase::kex : Phase::rekey_kex;
}

std::string Handshake::negotiated() const {
  std::string names = algorithms_.key_exchange + ' ' + algorithms_.host_key;
  for (const std::size_t flow : {0U, 1U}) {
    const bool same = flow == 1 && algorithms_.cipher[0] == algorithms_.cipher[1] &&
                      algorithms_.mac[0] == algorithms_.mac[1];
    if (same) break;
    names += ' ' + algorithms_.cipher[flow];
    if (!algorithms_.mac[flow].empty()) names += ' ' + algorithms_.mac[flow];
  }
  return names;
}

}  // namespace fairlead::ssh
