// SPDX-License-Identifier: Apache-2.0
// A client written down from the RFCs alone, without strict key exchange and EXT_INFO: what an old client is.
#include "base/wire.hpp"
#include "crypto/hash.hpp"
#include "crypto/key_exchange.hpp"
#include "unit/protocol/plain_client.hpp"

namespace fairlead::ssh::test {
namespace {

class ClassicClient {
 public:
  ClassicClient() : writer_(output_, &random_), server(server_config()) {
    server.host_keys.push_back(test_key());
    const auto hello = server.take_output();
    const std::string_view text = as_text(hello);
    server_line_ = text.substr(0, text.find("\r\n"));
    inbox_.append(Bytes(hello).subspan(server_line_.size() + 2));
    server_kexinit_ = receive();
    server.receive(bytes_of("SSH-2.0-classic\r\n"));
  }

  void exchange_keys() {
    const auto kexinit = KexInitLists{.ciphers = "aes128-ctr", .macs = "hmac-sha2-256"}.payload();
    send(kexinit);
    const auto method = make_key_exchange("curve25519-sha256");
    const auto value = method->client_init().value();
    send(Payload(msg::kex_init, value));
    const auto reply = receive();
    WireReader reader(Bytes(reply).subspan(1));
    const Bytes host_key = reader.string();
    const Bytes server_value = reader.string();
    const Bytes signature = reader.string();
    const auto secret = method->client_finish(server_value).value();
    ByteBuffer transcript;
    WireWriter(transcript)
        .string("SSH-2.0-classic")
        .string(server_line_)
        .string(kexinit)
        .string(server_kexinit_)
        .string(host_key)
        .string(value)
        .string(server_value)
        .raw(secret);
    hash_ = digest("SHA256", {transcript.readable()});
    ASSERT_TRUE(PublicKey::from_blob(host_key)->verify("ssh-ed25519", hash_, signature));
    ASSERT_EQ(receive().at(0), std::byte{msg::newkeys});
    send(Payload(msg::newkeys));
    writer_.use(cipher(secret, "ACE", Direction::seal), ~std::uint64_t{0}, false);
    reader_.use(cipher(secret, "BDF", Direction::open), ~std::uint64_t{0}, false);
  }

  void send(Bytes payload) {
    ASSERT_TRUE(writer_.write(payload));
    server.receive(output_.readable());
    output_.consume(output_.size());
  }
  // The server's next payload, empty when there is none.
  std::vector<std::byte> receive() {
    inbox_.append(server.take_output());
    MutableBytes input = inbox_.readable();
    const std::size_t before = input.size();
    const auto packet = reader_.next(input);
    std::vector<std::byte> payload;
    if (packet && *packet) payload.assign((*packet)->payload.begin(), (*packet)->payload.end());
    inbox_.consume(before - input.size());
    return payload;
  }

 private:
  // RFC 4253 section 7.2 with one SHA-256 block, which is enough for these keys.
  std::unique_ptr<PacketCipher> cipher(Bytes secret, std::string_view letters, Direction direction) const {
    const auto derive = [&](char letter) {
      return digest("SHA256", {secret, hash_, as_bytes({&letter, 1}), hash_});
    };
    const auto iv = derive(letters[0]), key = derive(letters[1]), mac_key = derive(letters[2]);
    const CipherKeys keys{.key = Bytes(key).first(16), .iv = Bytes(iv).first(16), .mac_key = mac_key};
    return make_packet_cipher("aes128-ctr", "hmac-sha2-256", direction, keys).value();
  }

  FixedRandom random_;
  ByteBuffer output_, inbox_;
  PacketWriter writer_;
  PacketReader reader_;
  std::string server_line_;
  std::vector<std::byte> server_kexinit_, hash_;

 public:
  TransportPeer server;
};

TEST(ClassicClient, GetsKeysAndServiceWithSequenceNumbersThatGoOn) {
  ClassicClient client;
  client.send(Payload(msg::ignore, "allowed without strict kex"));
  client.exchange_keys();
  client.send(Payload(msg::service_request, "ssh-userauth"));
  ASSERT_FALSE(client.server.error()) << to_string(*client.server.error());
  // No EXT_INFO, since it did not ask for it.
  const auto answer = client.receive();
  ASSERT_FALSE(answer.empty());
  EXPECT_EQ(answer[0], std::byte{msg::service_accept});
  EXPECT_EQ(client.server.transport().reader().sequence(),
            5U);  // IGNORE KEXINIT INIT NEWKEYS SERVICE_REQUEST
  EXPECT_EQ(client.server.transport().writer().sequence(), 4U);
}

TEST(ClassicClient, ExtensionRuleOfTheKeySchedule) {
  const std::vector<std::byte> secret(36, std::byte{1}), hash(32, std::byte{2}), session(32, std::byte{3});
  const KeySchedule schedule{
      .hash_name = "SHA256", .shared_secret = secret, .exchange_hash = hash, .session_id = session};
  const auto key = schedule.derive('C', 80);
  ASSERT_EQ(key.size(), 80U);
  const auto k1 = digest("SHA256", {secret, hash, as_bytes("C"), session});
  const auto k2 = digest("SHA256", {secret, hash, k1});
  const auto k3 = digest("SHA256", {secret, hash, k1, k2});
  EXPECT_TRUE(equal(Bytes(key).first(32), k1));
  EXPECT_TRUE(equal(Bytes(key).subspan(32, 32), k2));
  EXPECT_TRUE(equal(Bytes(key).subspan(64), Bytes(k3).first(16)));
}

}  // namespace
}  // namespace fairlead::ssh::test
