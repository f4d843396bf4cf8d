// SPDX-License-Identifier: Apache-2.0
// authorized_keys: options, quoting, and lines that must admit nobody.
#include "crypto/authorized_keys.hpp"

#include "crypto/limits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::ssh {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string& key_text() {
  static const std::string text = PrivateKey::generate(PrivateKey::Type::ed25519)->public_key().text();
  return text;
}

KeyOption flag(std::string name) {
  return {std::move(name), std::nullopt};
}
KeyOption with(std::string name, std::string value) {
  return {std::move(name), std::move(value)};
}

std::string reason_for(const std::string& text) {
  const AuthorizedKeys parsed = parse_authorized_keys(text);
  EXPECT_THAT(parsed.keys, IsEmpty()) << text;
  return parsed.problems.size() == 1 ? parsed.problems[0].reason : "not exactly one problem";
}

TEST(AuthorizedKeys, ReadsKeysCommentsAndLineNumbers) {
  const AuthorizedKeys parsed = parse_authorized_keys("# heading\n\n" + key_text() + "\r\n  \t" + key_text() +
                                                      " alice@laptop  at home\n \t\n" + key_text());
  EXPECT_THAT(parsed.problems, IsEmpty());
  ASSERT_EQ(parsed.keys.size(), 3U);
  EXPECT_EQ(parsed.keys[0].line, 3U);
  EXPECT_EQ(parsed.keys[0].key.text(), key_text());
  EXPECT_EQ(parsed.keys[0].comment, "");
  EXPECT_THAT(parsed.keys[0].options, IsEmpty());
  EXPECT_EQ(parsed.keys[1].line, 4U);
  EXPECT_EQ(parsed.keys[1].comment, "alice@laptop  at home");
  EXPECT_EQ(parsed.keys[2].line, 6U);
}

TEST(AuthorizedKeys, ReadsOptions) {
  const AuthorizedKeys parsed = parse_authorized_keys(
      R"(restrict,PTY,command="echo \"a, b\" # \n",from="10.0.0.0/8,!10.1.2.3",environment="A=1",environment="B=2" )" +
      key_text() + " comment\n");
  EXPECT_THAT(parsed.problems, IsEmpty());
  ASSERT_EQ(parsed.keys.size(), 1U);
  EXPECT_THAT(parsed.keys[0].options,
              ElementsAre(flag("restrict"), flag("pty"), with("command", R"(echo "a, b" # \n)"),
                          with("from", "10.0.0.0/8,!10.1.2.3"), with("environment", "A=1"),
                          with("environment", "B=2")));
  EXPECT_EQ(parsed.keys[0].comment, "comment");
}

TEST(AuthorizedKeys, KnowsTheFlagsAndValuesOfSshd) {
  for (const std::string name :
       {"restrict", "pty", "no-pty", "port-forwarding", "no-port-forwarding", "agent-forwarding",
        "no-agent-forwarding", "X11-forwarding", "no-X11-forwarding", "user-rc", "no-user-rc",
        "no-touch-required", "verify-required"}) {
    EXPECT_EQ(parse_authorized_keys(name + " " + key_text()).keys.size(), 1U) << name;
    EXPECT_THAT(reason_for(name + "=\"1\" " + key_text()), HasSubstr("takes no value")) << name;
  }
  for (const std::string name :
       {"command", "from", "expiry-time", "environment", "permitopen", "permitlisten", "tunnel"}) {
    EXPECT_EQ(parse_authorized_keys(name + "=\"v\" " + key_text()).keys.size(), 1U) << name;
    EXPECT_THAT(reason_for(name + " " + key_text()), HasSubstr("needs a value")) << name;
  }
}

TEST(AuthorizedKeys, UnknownOptionsAdmitNobody) {
  for (const std::string option :
       {"no-ptty", "cert-authorities", "touch-required", "zos-key-ring-label=\"x\"", "restrict,frobnicate",
        "restrict,frobnicate=\"\""})
    EXPECT_THAT(reason_for(option + " " + key_text()), HasSubstr("unknown option")) << option;
}

TEST(AuthorizedKeys, BadSyntaxAdmitsNobody) {
  for (const std::string options : {",", "pty,", ",pty", "pty,,pty", "pty;no-pty", "command=echo", "command=",
                                    "command='a'", "command=\"a", "command=\"a\\\"", "command=\"a\"b",
                                    "command=\"a\"pty", "=\"a\"", "pty =", "pty\"", "\"pty\"", "p\xc3\xa4ty"})
    EXPECT_NE(reason_for(options + " " + key_text()), "not exactly one problem") << options;
  EXPECT_THAT(reason_for("command=\"never closed " + key_text()), HasSubstr("quote"));
}

TEST(AuthorizedKeys, OptionsGivenTwiceAdmitNobody) {
  for (const std::string name : {"command", "from", "expiry-time"})
    EXPECT_THAT(reason_for(name + "=\"a\"," + name + "=\"b\" " + key_text()), HasSubstr("twice"));
}

TEST(AuthorizedKeys, BadKeysAreReportedAsSuch) {
  EXPECT_THAT(reason_for("ssh-dss AAAAB3NzaC1kc3M="), HasSubstr("unsupported key"));
  EXPECT_THAT(reason_for("sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t"),
              HasSubstr("malformed key"));
  EXPECT_THAT(reason_for("ssh-ed25519"), HasSubstr("malformed key"));
  EXPECT_THAT(reason_for("ssh-rsa " + key_text().substr(12)), HasSubstr("malformed key"));
  EXPECT_THAT(reason_for("pty"), HasSubstr("malformed key"));
  EXPECT_THAT(reason_for("pty pty " + key_text()), HasSubstr("malformed key"));
  EXPECT_THAT(reason_for("command=\"x\" \"" + key_text()), HasSubstr("malformed key"));
}

// A value that cannot be shown or passed on whole must not pass as half of itself.
TEST(AuthorizedKeys, ControlCharactersAdmitNobody) {
  EXPECT_THAT(reason_for(std::string("command=\"a\0b\" ", 14) + key_text()), HasSubstr("control"));
  EXPECT_THAT(reason_for("command=\"a\rb\" " + key_text()), HasSubstr("control"));
  EXPECT_THAT(reason_for(key_text() + " \x1b[31mred"), HasSubstr("control"));
}

TEST(AuthorizedKeys, ABadLineCostsOnlyItself) {
  const AuthorizedKeys parsed =
      parse_authorized_keys(key_text() + "\nnonsense\n" + key_text() + "\nfrom=\"x " + key_text());
  ASSERT_EQ(parsed.keys.size(), 2U);
  ASSERT_EQ(parsed.problems.size(), 2U);
  EXPECT_EQ(parsed.problems[0].line, 2U);
  EXPECT_EQ(parsed.problems[1].line, 4U);
}

TEST(AuthorizedKeys, LargeFilesAreRefusedWhole) {
  const AuthorizedKeys parsed =
      parse_authorized_keys(key_text() + "\n" + std::string(max_authorized_keys, '#'));
  EXPECT_THAT(parsed.keys, IsEmpty());
  EXPECT_EQ(parsed.problems.size(), 1U);
}

// Whatever a cut leaves over, it is never a key with fewer options than the whole line has.
TEST(AuthorizedKeys, NoTruncationWidensAKey) {
  const std::string line = "restrict,command=\"ls \\\"x\\\"\",from=\"10.0.0.1\" " + key_text() + " comment";
  for (std::size_t size = 0; size <= line.size(); ++size)
    for (const AuthorizedKeyLine& key : parse_authorized_keys(line.substr(0, size)).keys)
      EXPECT_EQ(key.options.size(), 3U) << size;
}

}  // namespace
}  // namespace fairlead::ssh
