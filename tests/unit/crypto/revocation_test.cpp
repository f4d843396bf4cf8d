// SPDX-License-Identifier: Apache-2.0
// Revocation lists: every kind of entry that ssh-keygen writes, with ssh-keygen -Q as the other opinion.
#include "crypto/krl.hpp"
#include "crypto/limits.hpp"
#include "ssh_keygen.hpp"
#include "support/certificate_maker.hpp"

#include <fairlead/ssh/revocation.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace fairlead::ssh {
namespace {

using testing::HasSubstr;
using Words = std::vector<std::string>;

// Two CAs, plain keys, certificates by serial and id: enough to tell every entry from every other.
struct Subject {
  std::string file;
  std::optional<PublicKey> key;
  std::optional<Certificate> certificate;
};
struct World {
  World() {
    for (const char* name : {"ca1", "ca2"}) key(name, "ed25519");
    for (const char* name : {"ed", "other"}) key(name, "ed25519");
    key("ec", "ecdsa");
    key("rsa", "rsa");
    for (const char* name : {"ed", "other", "ec", "rsa", "ca1"}) {
      const std::string file = std::string(name) + ".pub";
      subjects_.push_back({file, PublicKey::from_text(keygen_.read(file)).value(), {}});
    }
    for (const char* ca : {"ca1", "ca2"})
      for (const char* serial : {"0", "1", "2", "5", "9", "63", "64", "1000", "18446744073709551615"})
        certificate(ca, serial, std::string("id") + serial);
    certificate("ca1", "0", "laptop");
  }

  void key(const std::string& name, const std::string& type) {
    ASSERT_EQ(keygen_.run({"-q", "-t", type, "-N", "", "-f", keygen_.path(name)}).status, 0);
  }
  void certificate(const std::string& ca, const std::string& serial, const std::string& id) {
    const std::string name = ca + "-" + serial + "-" + id;
    keygen_.write(name + ".pub", keygen_.read("other.pub"));
    ASSERT_EQ(keygen_
                  .run({"-q", "-s", keygen_.path(ca), "-I", id, "-n", "alice", "-z", serial,
                        keygen_.path(name + ".pub")})
                  .status,
              0)
        << keygen_.read("errors");
    const std::string file = name + "-cert.pub";
    subjects_.push_back({file, {}, Certificate::load(keygen_.path(file)).value()});
  }

  SshKeygen keygen_;
  std::vector<Subject> subjects_;
};

class Revocation : public testing::Test {
 protected:
  // Both opinions on everything; returns how much is revoked.
  std::size_t compare(const std::string& list) {
    const auto loaded = RevocationList::load(keygen_.path(list));
    EXPECT_TRUE(loaded) << to_string(loaded.error());
    if (!loaded) return 0;
    std::size_t revoked = 0;
    for (const Subject& subject : subjects_) {
      const bool ours = subject.key ? loaded->revokes(*subject.key) : loaded->revokes(*subject.certificate);
      const bool theirs =
          keygen_.run({"-Q", "-f", keygen_.path(list), keygen_.path(subject.file)}).status != 0;
      EXPECT_EQ(ours, theirs) << list << " " << subject.file;
      revoked += ours ? 1 : 0;
    }
    return revoked;
  }
  // A KRL from ssh-keygen's specification language, for certificates of `ca`.
  std::size_t by_specification(const std::string& text, const std::string& ca = "ca1",
                               const Words& more = {}) {
    keygen_.write("specification", text);
    Words words{"-q", "-k", "-f", keygen_.path("krl"), "-s", ca.empty() ? "none" : keygen_.path(ca + ".pub")};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(keygen_.path("specification"));
    EXPECT_EQ(keygen_.run(words).status, 0) << text << keygen_.read("errors");
    return compare("krl");
  }
  std::string public_text(const std::string& name) { return keygen_.read(name + ".pub"); }

  // Made once: it takes a second.
  static World& world() {
    static World made;
    return made;
  }
  const SshKeygen& keygen_ = world().keygen_;
  const std::vector<Subject>& subjects_ = world().subjects_;
};

TEST_F(Revocation, CertificatesBySerial) {
  EXPECT_EQ(by_specification("serial: 5\n"), 1U);
  EXPECT_EQ(by_specification("serial: 5\nserial: 63\nserial: 1000\n"), 3U);
  EXPECT_EQ(by_specification("serial: 18446744073709551615\n"), 1U);
  EXPECT_EQ(by_specification("serial: 1-64\n"), 6U);
  EXPECT_EQ(by_specification("serial: 1-18446744073709551615\n"), 8U) << "0 is no serial";
  // Dense and scattered ones become a bitmap.
  std::string dense;
  for (int serial = 1; serial < 70; serial += 2) dense += "serial: " + std::to_string(serial) + "\n";
  EXPECT_EQ(by_specification(dense), 4U);
  EXPECT_EQ(by_specification("serial: 2-4\nserial: 9\nserial: 11\nserial: 13-20\nserial: 64\n"), 3U);
  EXPECT_EQ(by_specification("serial: 5\n", ""), 2U) << "of every CA";
}

TEST_F(Revocation, CertificatesByKeyId) {
  EXPECT_EQ(by_specification("id: laptop\n"), 1U);
  EXPECT_EQ(by_specification("id: id5\nid: lap\nid: id64\n"), 2U);
  EXPECT_EQ(by_specification("id: id5\n", ""), 2U) << "of every CA";
}

TEST_F(Revocation, Keys) {
  EXPECT_EQ(by_specification("key: " + public_text("ed")), 1U);
  EXPECT_EQ(by_specification("key: " + public_text("rsa") + "key: " + public_text("ec")), 2U);
  // The key of every certificate here.
  EXPECT_EQ(by_specification("key: " + public_text("other")), 20U);
  EXPECT_EQ(by_specification("key: " + public_text("ca1")), 11U) << "a CA's goes with what it signed";
  EXPECT_EQ(by_specification("sha1: " + public_text("ed")), 1U);
  EXPECT_EQ(by_specification("sha256: " + public_text("ec")), 1U);
  EXPECT_EQ(by_specification("sha1: " + public_text("ca2")), 9U);
  const std::string print = subjects_.at(3).key->fingerprint();
  EXPECT_EQ(by_specification("hash: " + print + "\n"), 1U);
}

TEST_F(Revocation, SeveralCasAndAnUpdate) {
  EXPECT_EQ(by_specification("serial: 5\nid: id9\n", "ca1"), 2U);
  EXPECT_EQ(by_specification("serial: 1-2\nsha256: " + public_text("ed"), "ca2", {"-u"}), 5U);
  EXPECT_EQ(by_specification("serial: 64\n", "", {"-u", "-z", "7"}), 7U);
}

TEST_F(Revocation, ACertificateFileRevokesItBySerialOrId) {
  for (const char* name : {"ca1-5-id5-cert.pub", "ca1-0-laptop-cert.pub"}) {
    ASSERT_EQ(keygen_.run({"-q", "-k", "-f", keygen_.path("krl"), keygen_.path(name)}).status, 0);
    EXPECT_EQ(compare("krl"), 1U) << name;
  }
}

TEST_F(Revocation, AnEmptyListRevokesNothing) {
  EXPECT_EQ(by_specification(""), 0U);
  keygen_.write("text", "");
  EXPECT_FALSE(RevocationList::load(keygen_.path("text"))->revokes(*subjects_.at(0).key));
  EXPECT_FALSE(RevocationList().revokes(*subjects_.at(0).key));
  EXPECT_FALSE(RevocationList().revokes(*subjects_.back().certificate));
}

TEST_F(Revocation, PlainTextNamesKeys) {
  keygen_.write("text", "# lost\n\n  " + public_text("ed") + public_text("ec") +
                            "ssh-dss AAAAB3NzaC1kc3MAAAABBQ== old\r\n");
  const auto list = RevocationList::load(keygen_.path("text"));
  ASSERT_TRUE(list) << to_string(list.error());
  EXPECT_TRUE(list->revokes(*subjects_.at(0).key));
  EXPECT_FALSE(list->revokes(*subjects_.at(1).key));
  EXPECT_TRUE(list->revokes(*subjects_.at(2).key));
  keygen_.write("text", public_text("ca1"));
  EXPECT_TRUE(RevocationList::load(keygen_.path("text"))->revokes(*subjects_.back().certificate));
  keygen_.write("text", keygen_.read("ca1-5-id5-cert.pub"));
  EXPECT_TRUE(RevocationList::load(keygen_.path("text"))->revokes(*subjects_.at(1).key)) << "its key";
}

// Whoever cannot read a line cannot know whom it revokes.
TEST_F(Revocation, TextThatIsNotUnderstoodIsNoList) {
  const std::string good = public_text("ed");
  for (const std::string& line :
       {std::string("nonsense"), std::string("ssh-ed25519 AAAA"), std::string("ssh-ed25519"),
        "ssh-rsa " + good.substr(12), "restrict " + good, good.substr(0, 40),
        std::string("ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29t")}) {
    keygen_.write("text", good + line + "\n");
    EXPECT_FALSE(RevocationList::load(keygen_.path("text"))) << line;
  }
}

TEST_F(Revocation, FilesThatAreNoneAreErrors) {
  EXPECT_EQ(RevocationList::load(keygen_.path("missing")).error().code, Errc::io_failed);
  EXPECT_FALSE(RevocationList::load(keygen_.path("")));
}

TEST_F(Revocation, EveryTruncationOfAKrlIsAnError) {
  by_specification("serial: 5\nserial: 63-100\nid: laptop\nkey: " + public_text("ed") +
                   "sha1: " + public_text("ec") + "sha256: " + public_text("rsa"));
  const std::string whole = keygen_.read("krl");
  std::size_t shorter_lists = 0;  // cut between two sections
  for (std::size_t size = 0; size < whole.size(); ++size)
    shorter_lists += size > 0 && RevocationList::from_bytes(as_bytes(whole).first(size)) ? 1 : 0;
  EXPECT_EQ(shorter_lists, 4U);
}

// --- by hand

ByteBuffer header(std::uint32_t version = 1) {
  ByteBuffer krl;
  WireWriter(krl).raw(as_bytes(std::string_view("SSHKRL\n\0", 8))).u32(version).u64(1).u64(0).u64(0);
  WireWriter(krl).string("").string("a comment");
  return krl;
}
ByteBuffer section(std::uint8_t kind, Bytes content) {
  ByteBuffer krl = header();
  WireWriter(krl).byte(kind).string(content);
  return krl;
}
ByteBuffer certificate_section(std::uint8_t kind, Bytes content, std::string_view ca = "") {
  ByteBuffer inner;
  WireWriter(inner).string(ca).string("").byte(kind).string(content);
  return section(1, inner.readable());
}
std::string problem(const ByteBuffer& krl) {
  const auto parsed = parse_krl(krl.readable());
  return parsed ? "" : to_string(parsed.error());
}
ByteBuffer numbers(std::initializer_list<std::uint64_t> values) {
  ByteBuffer buffer;
  for (const auto value : values) WireWriter(buffer).u64(value);
  return buffer;
}

TEST(Krl, WhatIsNotKnownIsAnError) {
  EXPECT_EQ(problem(header()), "");
  EXPECT_THAT(problem(header(2)), HasSubstr("version"));
  EXPECT_THAT(problem(section(6, {})), HasSubstr("not known"));
  EXPECT_THAT(problem(section(0, {})), HasSubstr("not known"));
  EXPECT_THAT(problem(certificate_section(0x24, as_bytes("x"))), HasSubstr("not known"));
  EXPECT_THAT(problem(section(3, as_bytes(std::string_view("\0\0\0\2ab", 6)))), HasSubstr("fingerprint"));
  EXPECT_THAT(problem(section(2, as_bytes(std::string_view("\0\0\0\0", 4)))), HasSubstr("keys"));
}

TEST(Krl, ExtensionsThatAreNotCriticalAreSkipped) {
  for (const bool critical : {false, true}) {
    ByteBuffer extension;
    WireWriter(extension).string("moon@example.com").boolean(critical).string("full");
    EXPECT_EQ(problem(section(255, extension.readable())).empty(), !critical);
    EXPECT_EQ(problem(certificate_section(0x39, extension.readable())).empty(), !critical);
  }
}

// As OpenSSH does: who may write the file may revoke.
TEST(Krl, SignaturesAreIgnored) {
  ByteBuffer krl = section(4, as_bytes("a key"));
  WireWriter(krl).string("a signature");
  EXPECT_EQ(problem(krl), "");
  EXPECT_NE(problem(section(4, as_bytes("a key"))), "") << "cut off";
}

TEST(Krl, BadSerialsAreErrors) {
  EXPECT_NE(problem(certificate_section(0x20, numbers({0}).readable())), "");
  EXPECT_NE(problem(certificate_section(0x21, numbers({0, 5}).readable())), "");
  EXPECT_NE(problem(certificate_section(0x21, numbers({6, 5}).readable())), "");
  EXPECT_NE(problem(certificate_section(0x21, numbers({5, 6, 7, 8}).readable())), "")
      << "one range a section";
  const auto bitmap = [](std::uint64_t first, std::string_view bits) {
    ByteBuffer content;
    WireWriter(content).u64(first).string(bits);
    return certificate_section(0x22, content.readable());
  };
  EXPECT_EQ(problem(bitmap(1, "\x7f")), "");
  EXPECT_EQ(problem(bitmap(~std::uint64_t{0}, "\x01")), "");
  EXPECT_NE(problem(bitmap(~std::uint64_t{0}, "\x02")), "") << "beyond 64 bits";
  EXPECT_NE(problem(bitmap(0, "\x01")), "");
  EXPECT_EQ(problem(bitmap(0, "\x02")), "");
  EXPECT_NE(problem(bitmap(1, "\xff")), "") << "negative";
  EXPECT_NE(problem(bitmap(1, std::string_view("\0\x01", 2))), "") << "not minimal";
}

TEST(Krl, OverlappingRangesAreOne) {
  RevokedCertificates list;
  list.serials = {{10, 20}, {1, 3}, {12, 14}, {20, 25}, {40, 40}};
  list.sort();
  for (std::uint64_t serial = 0; serial < 50; ++serial)
    EXPECT_EQ(list.has_serial(serial),
              (serial >= 1 && serial <= 3) || (serial >= 10 && serial <= 25) || serial == 40)
        << serial;
}

TEST(Krl, TooLargeIsNotRead) {
  const std::string large(max_revocation_list + 1, '#');
  EXPECT_THAT(to_string(RevocationList::from_bytes(as_bytes(large)).error()), HasSubstr("too large"));
}

}  // namespace
}  // namespace fairlead::ssh
