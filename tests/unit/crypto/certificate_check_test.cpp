// SPDX-License-Identifier: Apache-2.0
// UA-12: which certificates of ssh-keygen's may be used, when, where from, and what they grant.
#include "ssh_keygen.hpp"
#include "support/certificate_maker.hpp"
#include "support/software_token.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::ssh {
namespace {

using test::CertificateRecipe;
using test::valued;
using testing::HasSubstr;
using Words = std::vector<std::string>;

const CertificateGrant everything{.forced_command = {},
                                  .pty = true,
                                  .port_forwarding = true,
                                  .agent_forwarding = true,
                                  .x11_forwarding = true,
                                  .user_rc = true};
constexpr CertificateGrant nothing{};

CertificateGrant with(CertificateGrant grant, auto change) {
  change(grant);
  return grant;
}

std::chrono::sys_seconds at(std::int64_t seconds) {
  return std::chrono::sys_seconds(std::chrono::seconds(seconds));
}
constexpr std::int64_t mid_2026 = 1782000000;

// What ssh-keygen is told besides the CA, and what comes of it.
struct TableEntry {
  std::string name;
  Words words;
  std::string address = "10.1.2.3";
  std::string refusal = {};  // a part of the reason; empty: accepted
  CertificateGrant grant = everything;
};

const Words year_2026{"-V", "20260101000000Z:20270101000000Z"};
Words named(Words words) {
  words.insert(words.end(), {"-n", "alice"});
  return words;
}

const std::vector<TableEntry> entries{
    {"plain", named({})},
    {"several_principals", {"-n", "bob,alice,carol"}},
    {"in_its_time", named(year_2026)},
    {"over", named({"-V", "20250101000000Z:20260101000000Z"}), "10.1.2.3", "expired"},
    {"not_yet", named({"-V", "20270101000000Z:20280101000000Z"}), "10.1.2.3", "not valid yet"},
    {"always", named({"-V", "always:forever"})},
    {"without_principals", {}, "10.1.2.3", "names no principal"},
    {"of_a_host", named({"-h"}), "10.1.2.3", "a host certificate"},
    {"nothing_permitted", named({"-O", "clear"}), "10.1.2.3", "", nothing},
    {"pty_only", named({"-O", "clear", "-O", "permit-pty"}), "10.1.2.3", "",
     with(nothing, [](auto& grant) { grant.pty = true; })},
    {"no_pty", named({"-O", "no-pty"}), "10.1.2.3", "",
     with(everything, [](auto& grant) { grant.pty = false; })},
    {"no_port_forwarding", named({"-O", "no-port-forwarding"}), "10.1.2.3", "",
     with(everything, [](auto& grant) { grant.port_forwarding = false; })},
    {"no_agent_forwarding", named({"-O", "no-agent-forwarding"}), "10.1.2.3", "",
     with(everything, [](auto& grant) { grant.agent_forwarding = false; })},
    {"no_x11_forwarding", named({"-O", "no-x11-forwarding"}), "10.1.2.3", "",
     with(everything, [](auto& grant) { grant.x11_forwarding = false; })},
    {"no_user_rc", named({"-O", "no-user-rc"}), "10.1.2.3", "",
     with(everything, [](auto& grant) { grant.user_rc = false; })},
    {"force_command", named({"-O", "force-command=uptime -p"}), "10.1.2.3", "",
     with(everything, [](auto& grant) { grant.forced_command = "uptime -p"; })},
    {"from_its_network", named({"-O", "source-address=10.0.0.0/8"})},
    {"from_its_address", named({"-O", "source-address=10.1.2.3"})},
    {"from_another_network", named({"-O", "source-address=192.168.0.0/16"}), "10.1.2.3", "source address"},
    {"from_the_second_network", named({"-O", "source-address=192.168.0.0/16,10.1.2.0/24"})},
    {"from_ipv6", named({"-O", "source-address=2001:db8::/32"}), "2001:db8::7"},
    {"from_mapped_ipv4", named({"-O", "source-address=10.0.0.0/8"}), "::ffff:10.1.2.3"},
    {"from_no_address", named({"-O", "source-address=10.0.0.0/8"}), "", "source address"},
    {"unknown_critical", named({"-O", "critical:moon-phase=full"}), "10.1.2.3", "critical option"},
    {"unknown_critical_flag", named({"-O", "critical:moon-phase"}), "10.1.2.3", "critical option"},
    {"unknown_extension", named({"-O", "extension:moon-phase=full"})},
    {"known_extension_with_a_value", named({"-O", "clear", "-O", "extension:permit-pty=yes"}), "10.1.2.3", "",
     nothing},
    {"verify_required_of_no_token", named({"-O", "verify-required"}), "10.1.2.3", "no security key"},
    {"no_touch_required", named({"-O", "no-touch-required"}), "10.1.2.3", "",
     with(everything, [](auto& grant) { grant.touch_required = false; })},
    {"everything_at_once",
     named({"-O", "clear", "-O", "permit-pty", "-O", "force-command=x", "-O", "source-address=10.0.0.0/8",
            "-V", "20260101000000Z:20270101000000Z", "-z", "77"}),
     "10.1.2.3", "", with(nothing, [](auto& grant) { grant.pty = true, grant.forced_command = "x"; })},
};

class UserCertificates : public testing::TestWithParam<TableEntry> {};
INSTANTIATE_TEST_SUITE_P(SshKeygen, UserCertificates, testing::ValuesIn(entries),
                         [](const auto& each) { return each.param.name; });

TEST_P(UserCertificates, AreUsedAsTheySay) {
  static const auto ca = PrivateKey::generate(PrivateKey::Type::ed25519).value();
  const SshKeygen keygen;
  keygen.write("ca", ca.to_openssh_text(""));
  keygen.write("key.pub", ca.public_key().text() + "\n");
  Words words{"-q", "-s", keygen.path("ca"), "-I", "x"};
  words.insert(words.end(), GetParam().words.begin(), GetParam().words.end());
  words.push_back(keygen.path("key.pub"));
  ASSERT_EQ(keygen.run(words).status, 0) << keygen.read("errors");
  const auto certificate = Certificate::load(keygen.path("key-cert.pub"));
  ASSERT_TRUE(certificate) << to_string(certificate.error());
  const auto grant = check_user_certificate(*certificate, at(mid_2026), GetParam().address);
  if (GetParam().refusal.empty()) {
    ASSERT_TRUE(grant) << to_string(grant.error());
    EXPECT_EQ(*grant, GetParam().grant);
  } else {
    ASSERT_FALSE(grant);
    EXPECT_THAT(to_string(grant.error()), HasSubstr(GetParam().refusal));
  }
}

// What ssh-keygen would not write.
Result<CertificateGrant> check(const CertificateRecipe& recipe, std::int64_t now = mid_2026,
                               std::string_view address = "10.1.2.3") {
  static const auto ca = PrivateKey::generate(PrivateKey::Type::ed25519).value();
  return check_user_certificate(test::make_certificate(recipe, ca.public_key(), ca), at(now), address);
}

TEST(UserCertificateTime, ItsEndIsNotPartOfIt) {
  const CertificateRecipe recipe{.after = 1000, .before = 2000};
  EXPECT_FALSE(check(recipe, 999));
  EXPECT_TRUE(check(recipe, 1000));
  EXPECT_TRUE(check(recipe, 1999));
  EXPECT_FALSE(check(recipe, 2000));
  EXPECT_FALSE(check({.after = 2000, .before = 1000}, 1500)) << "no time at all";
  EXPECT_FALSE(check({.after = 1000, .before = 1000}, 1000));
  EXPECT_TRUE(check({.before = 1}, -5)) << "a clock that was never set";
  EXPECT_FALSE(check({.after = 1}, -5));
}

// CVE-2026-56854: an option that is there and empty restricts to nobody.
TEST(UserCertificateSource, WhatCannotBeReadAdmitsNobody) {
  for (const char* list : {"", ",", "10.0.0.0/8,", ",10.0.0.0/8", "10.0.0.0/8,,::1", "10.0.0.0/33",
                           "10.1.2.3/8", "10.*", "!192.168.0.0/16,10.0.0.0/8", "10.0.0.0/8,nonsense",
                           "nonsense,10.0.0.0/8", " 10.0.0.0/8", "example.com"})
    EXPECT_FALSE(check({.critical = {valued("source-address", list)}})) << list;
  EXPECT_FALSE(check({.critical = {{"source-address", ""}}})) << "no string inside";
  EXPECT_FALSE(check({.critical = {{"source-address", valued("", "10.0.0.0/8").data + "x"}}}));
  EXPECT_TRUE(check({.critical = {valued("source-address", "0.0.0.0/0")}}));
  EXPECT_FALSE(check({.critical = {valued("source-address", "0.0.0.0/0")}}, mid_2026, "::1"));
}

TEST(UserCertificateOptions, MalformedCriticalOnesAreUnknownOnes) {
  EXPECT_FALSE(check({.critical = {{"force-command", ""}}}));
  EXPECT_FALSE(check({.critical = {{"force-command", "abc"}}}));
  EXPECT_FALSE(check({.critical = {valued("force-command", std::string_view("a\0b", 3))}}));
  EXPECT_FALSE(check({.critical = {valued("verify-required", "yes")}}));
  EXPECT_FALSE(check({.critical = {{"permit-pty", ""}}})) << "an extension is no critical option";
  EXPECT_EQ(check({.critical = {valued("force-command", "")}}).value().forced_command, "");
}

TEST(UserCertificateOptions, ARestrictionAmongTheExtensionsRestrictsNothing) {
  const auto grant = check({.extensions = {valued("force-command", "date")}});
  ASSERT_TRUE(grant);
  EXPECT_EQ(*grant, nothing);
}

TEST(UserCertificateProof, TokensMustDoWhatIsDemanded) {
  const test::SoftwareToken token;
  const auto ca = PrivateKey::generate(PrivateKey::Type::ed25519).value();
  const std::string type = "sk-ssh-ed25519-cert-v01@openssh.com";
  const auto missing = [&](CertificateRecipe recipe, const CertificateProof& proof) {
    recipe.type = type;
    const auto certificate = test::make_certificate(recipe, token.public_key(), ca);
    return std::string(
        missing_proof(check_user_certificate(certificate, at(mid_2026), "::1").value(), proof));
  };
  const CertificateProof untouched{.verified = true, .use = SecurityKeyUse{}};
  const CertificateProof touched{.verified = true, .use = SecurityKeyUse{.touched = true}};
  const CertificateProof both{.verified = true,
                              .use = SecurityKeyUse{.touched = true, .user_verified = true}};
  EXPECT_THAT(missing({}, untouched), HasSubstr("touched"));
  EXPECT_EQ(missing({}, touched), "");
  EXPECT_EQ(missing({}, {}), "") << "a query";
  EXPECT_EQ(missing({.extensions = {{"no-touch-required", ""}}}, untouched), "");
  EXPECT_THAT(missing({.critical = {{"verify-required", ""}}}, touched), HasSubstr("PIN"));
  EXPECT_EQ(missing({.critical = {{"verify-required", ""}}}, both), "");
}

TEST(HostCertificates, AreForTheirHostsAndTheirTime) {
  const auto ca = PrivateKey::generate(PrivateKey::Type::ed25519).value();
  const auto check_host = [&](CertificateRecipe recipe, std::string_view host) {
    recipe.extensions.clear();
    const auto certificate = test::make_certificate(recipe, ca.public_key(), ca);
    return check_host_certificate(certificate, at(mid_2026), host).has_value();
  };
  const CertificateRecipe host{.role = 2, .principals = {"box.example.com", "10.0.0.7", "*.lab"}};
  EXPECT_TRUE(check_host(host, "box.example.com"));
  EXPECT_TRUE(check_host(host, "10.0.0.7"));
  EXPECT_TRUE(check_host(host, "x.lab"));
  EXPECT_FALSE(check_host(host, "other.example.com"));
  EXPECT_FALSE(check_host(host, "box.example.com."));
  EXPECT_FALSE(check_host(host, ""));
  EXPECT_FALSE(check_host({.role = 2, .principals = {}}, "box.example.com"));
  EXPECT_FALSE(check_host({.role = 1, .principals = {"box.example.com"}}, "box.example.com"));
  EXPECT_FALSE(check_host({.role = 2, .principals = {"h"}, .before = 5}, "h"));
  EXPECT_FALSE(
      check_host({.role = 2, .principals = {"h"}, .critical = {valued("source-address", "0.0.0.0/0")}}, "h"));
}

}  // namespace
}  // namespace fairlead::ssh
