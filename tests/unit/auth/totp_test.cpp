// SPDX-License-Identifier: Apache-2.0
// One-time codes: the RFCs' vectors, secrets as people write them, and that a code counts once.
#include "auth/base32.hpp"
#include "auth/totp_checker.hpp"
#include "auth/used_codes.hpp"
#include "support/scratch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::auth {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using testing::HasSubstr;
using testing::Not;

sys_seconds at(std::int64_t time) {
  return sys_seconds(seconds(time));
}
std::string text_of(const ssh::SecretBytes& bytes) {
  return ssh::to_string(bytes);
}

// RFC 4648 section 10.
TEST(Base32, AgreesWithTheRfc) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ""},
      {"f", "MY"},
      {"fo", "MZXQ"},
      {"foo", "MZXW6"},
      {"foob", "MZXW6YQ"},
      {"fooba", "MZXW6YTB"},
      {"foobar", "MZXW6YTBOI"},
  };
  for (const auto& [plain, encoded] : cases) {
    EXPECT_EQ(to_base32(ssh::as_bytes(plain)), encoded);
    const auto decoded = from_base32(encoded);
    ASSERT_TRUE(decoded) << encoded;
    EXPECT_EQ(text_of(*decoded), plain);
  }
  for (const char* spelling : {"mzxw6ytboi======", "MZXW 6YTB OI", "mzxw-6ytb-oi"})
    EXPECT_EQ(text_of(from_base32(spelling).value()), "foobar") << spelling;
  for (const char* wrong : {"M", "MZX", "MZXW6Y", "MZXW1", "MZ=W", "MZXW6\n", "mü"})
    EXPECT_FALSE(from_base32(wrong)) << wrong;
}

// RFC 6238 appendix B: the same ASCII digits, as long as each hash.
std::string rfc_secret(std::size_t size) {
  std::string secret;
  while (secret.size() < size) secret += static_cast<char>('0' + (secret.size() + 1) % 10);
  return to_base32(ssh::as_bytes(secret));
}

TEST(Totp, AgreesWithTheRfc) {
  struct Vector {
    std::int64_t time;
    const char *sha1, *sha256, *sha512;
  };
  const Vector vectors[] = {
      {59, "94287082", "46119246", "90693936"},         {1111111109, "07081804", "68084774", "25091201"},
      {1111111111, "14050471", "67062674", "99943326"}, {1234567890, "89005924", "91819424", "93441116"},
      {2000000000, "69279037", "90698825", "38618901"}, {20000000000, "65353130", "77737706", "47863826"},
  };
  const auto code = [](const char* hash, std::size_t size, unsigned digits, std::int64_t time) {
    const auto totp = Totp::parse("otpauth://totp/x?secret=" + rfc_secret(size) + "&algorithm=" + hash +
                                  "&digits=" + std::to_string(digits));
    return text_of(totp.value().code(static_cast<std::uint64_t>(time / 30)));
  };
  for (const Vector& vector : vectors) {
    EXPECT_EQ(code("SHA1", 20, 8, vector.time), vector.sha1);
    EXPECT_EQ(code("SHA256", 32, 8, vector.time), vector.sha256);
    EXPECT_EQ(code("SHA512", 64, 8, vector.time), vector.sha512);
    EXPECT_EQ(code("SHA1", 20, 6, vector.time), vector.sha1 + 2) << "the last six of them";
  }
}

// RFC 4226 appendix D.
TEST(Totp, AgreesWithHotpForEachCounter) {
  const auto totp = Totp::parse(rfc_secret(20)).value();
  const char* codes[] = {"755224", "287082", "359152", "969429", "338314",
                         "254676", "287922", "162583", "399871", "520489"};
  for (std::uint64_t counter = 0; counter < std::size(codes); ++counter)
    EXPECT_EQ(text_of(totp.code(counter)), codes[counter]);
}

TEST(Totp, SecretsAreReadAsPeopleWriteThem) {
  for (const char* text :
       {"JBSWY3DPEHPK3PXP", "jbsw y3dp ehpk 3pxp", "otpauth://totp/Fairlead:alice?secret=JBSWY3DPEHPK3PXP",
        "otpauth://totp/a%20b?issuer=x&secret=JBSWY3DPEHPK3PXP%3D%3D&algorithm=sha1&period=30&image=y"}) {
    const auto totp = Totp::parse(text);
    ASSERT_TRUE(totp) << text << ": " << totp.error();
    EXPECT_EQ(text_of(totp->code(1)), "996554") << text;
  }
}

TEST(Totp, BadSecretsAreRefusedWithoutShowingThem) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "16 to 204"},
      {"CANARY", "base32"},
      {"CANARY77", "16 to 204"},
      {"canary-1-0", "not base32"},
      {"otpauth://hotp/x?secret=JBSWY3DPEHPK3PXP", "no other kind"},
      {"otpauth://totp/x", "no secret"},
      {"otpauth://totp/x?issuer=y", "16 to 204"},
      {"otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&algorithm=MD5", "SHA1, SHA256 or SHA512"},
      {"otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&digits=7", "6 or 8"},
      {"otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&period=60", "period must be 30"},
  };
  for (const auto& [text, reason] : cases) {
    const auto totp = Totp::parse(text);
    ASSERT_FALSE(totp) << text;
    EXPECT_THAT(totp.error(), HasSubstr(reason)) << text;
    EXPECT_THAT(totp.error(), Not(HasSubstr("CANARY")));
  }
  EXPECT_FALSE(Totp::parse(std::string(300, 'A')));
}

TEST(Totp, ItsOwnUriIsReadBack) {
  for (const auto hash : {Totp::Hash::sha1, Totp::Hash::sha256, Totp::Hash::sha512})
    for (const unsigned digits : {6U, 8U}) {
      const Totp made = Totp::generate(hash, digits);
      const std::string uri = made.uri("My host", "alice@x&y");
      EXPECT_THAT(uri, HasSubstr("otpauth://totp/My%20host:alice%40x%26y?secret="));
      const auto read = Totp::parse(uri);
      ASSERT_TRUE(read) << uri;
      EXPECT_EQ(made.code(5), read->code(5));
      EXPECT_EQ(made.code(5).size(), digits);
    }
  EXPECT_NE(Totp::generate(Totp::Hash::sha1, 6).uri("a", "b"),
            Totp::generate(Totp::Hash::sha1, 6).uri("a", "b"));
}

class Codes : public testing::Test {
 protected:
  TotpChecker::Answer show(std::uint64_t step, std::int64_t time, const std::string& user = "alice") {
    return checker_.check(user, totp_, totp_.code(step), at(time));
  }
  TotpChecker::Answer show(std::string_view code, std::int64_t time) {
    return checker_.check("alice", totp_, ssh::as_bytes(code), at(time));
  }
  using Answer = TotpChecker::Answer;

  Totp totp_ = Totp::parse(rfc_secret(20)).value();
  TotpChecker checker_;
};

TEST_F(Codes, OfTheStepBeforeAndAfterAreRightAndOthersNot) {
  for (const std::uint64_t step : {99U, 100U, 101U}) {
    TotpChecker fresh;
    EXPECT_EQ(fresh.check("alice", totp_, totp_.code(step), at(3000)), Answer::right) << step;
    EXPECT_EQ(fresh.check("bob", totp_, totp_.code(step), at(3029)), Answer::right) << step;
  }
  EXPECT_EQ(show(98, 3000), Answer::wrong);
  EXPECT_EQ(show(102, 3029), Answer::wrong);
}

TEST_F(Codes, MayBeTypedWithBlanksAndNothingElse) {
  std::string code = text_of(totp_.code(100));
  EXPECT_EQ(show(code.substr(0, 3), 3000), Answer::wrong);
  EXPECT_EQ(show(code + "0", 3000), Answer::wrong);
  EXPECT_EQ(show("", 3000), Answer::wrong);
  EXPECT_EQ(show(std::string("\0\0\0\0\0\0", 6), 3000), Answer::wrong);
  EXPECT_EQ(show(" " + code.insert(3, " ") + " ", 3000), Answer::right);
}

TEST_F(Codes, CountOnce) {
  EXPECT_EQ(show(100, 3000), Answer::right);
  EXPECT_EQ(show(100, 3000), Answer::used);
  EXPECT_EQ(show(100, 3059), Answer::used) << "for as long as it would be accepted";
  EXPECT_EQ(show(99, 3000), Answer::used) << "an older one is over, too";
  EXPECT_EQ(show(101, 3001), Answer::right);
  EXPECT_EQ(show(100, 3000, "bob"), Answer::right) << "each user has their own";
}

TEST_F(Codes, GuessingIsPaused) {
  for (unsigned i = 0; i < free_totp_mistakes; ++i) EXPECT_EQ(show("000000", 3000), Answer::wrong);
  EXPECT_EQ(show(100, 3000), Answer::blocked) << "the right one, too: else guessing would go on";
  EXPECT_EQ(show(100, 3000, "bob"), Answer::right);
  EXPECT_EQ(show(101, 3029), Answer::blocked);
  EXPECT_EQ(show("000000", 3030), Answer::wrong);
  EXPECT_EQ(show(102, 3060), Answer::blocked) << "twice as long";
  EXPECT_EQ(show(103, 3090), Answer::right);
  EXPECT_EQ(show("000000", 3091), Answer::wrong) << "forgiven";
  EXPECT_EQ(show(104, 3120), Answer::right);
}

TEST_F(Codes, ThePauseHasAnEnd) {
  std::int64_t time = 3000;
  for (int i = 0; i < 40; ++i, time += longest_totp_pause.count())
    EXPECT_EQ(show("000000", time), Answer::wrong);
  EXPECT_EQ(show(static_cast<std::uint64_t>(time / 30), time), Answer::right);
}

TEST_F(Codes, ReplaysAreNoGuesses) {
  EXPECT_EQ(show(100, 3000), Answer::right);
  for (unsigned i = 0; i < 2 * free_totp_mistakes; ++i) EXPECT_EQ(show(100, 3000), Answer::used);
  EXPECT_EQ(show(101, 3030), Answer::right);
}

class KeptCodes : public testing::Test {
 protected:
  // As after a restart.
  TotpChecker::Answer show(std::uint64_t step, std::int64_t time, const std::string& user = "alice") {
    TotpChecker checker;
    checker.keep_in(file_);
    problem_ = checker.problem();
    const auto answer = checker.check(user, totp_, totp_.code(step), at(time));
    if (problem_.empty()) problem_ = checker.problem();
    return answer;
  }
  using Answer = TotpChecker::Answer;

  test::ScratchDirectory directory_;
  std::string file_ = directory_.file("used-codes");
  std::string problem_;
  Totp totp_ = Totp::parse(rfc_secret(20)).value();
};

TEST_F(KeptCodes, CountOnceOverRestarts) {
  EXPECT_EQ(show(100, 3000), Answer::right);
  EXPECT_EQ(show(100, 3001), Answer::used);
  EXPECT_EQ(show(99, 3001), Answer::used);
  EXPECT_EQ(show(100, 3001, "bob"), Answer::right);
  EXPECT_EQ(show(100, 3002), Answer::used) << "bob's did not push it out";
  EXPECT_EQ(show(101, 3003), Answer::right);
  EXPECT_EQ(problem_, "");
  struct stat status{};
  ASSERT_EQ(::stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(KeptCodes, TheFileForgetsWhatIsLongOver) {
  EXPECT_EQ(show(100, 3000, "old"), Answer::right);
  const std::uint64_t later = 100 + remembered_steps + 1;
  EXPECT_EQ(show(later, static_cast<std::int64_t>(later * 30)), Answer::right);
  EXPECT_EQ(load_used_steps(file_).value(), (UsedSteps{{"alice", later}}));
}

TEST_F(KeptCodes, ADamagedOrForeignFileAcceptsNoCode) {
  for (const std::string text :
       {"x", "fairlead used codes 2\n", "fairlead used codes 1\n100 alice", "fairlead used codes 1\n-1 a\n",
        "fairlead used codes 1\n100alice\n", "fairlead used codes 1\n1 a\n2 a\n",
        "fairlead used codes 1\n100 \n", "fairlead used codes 1\n99999999999999999999 a\n"}) {
    directory_.write("used-codes", text);
    EXPECT_EQ(show(100, 3000), Answer::unsafe) << text;
    EXPECT_THAT(problem_, testing::HasSubstr("used-codes is damaged.")) << text;
  }
  std::filesystem::remove(file_);
  std::filesystem::create_directory(file_);
  EXPECT_EQ(show(100, 3000), Answer::unsafe);
  EXPECT_THAT(problem_, testing::HasSubstr("cannot be read"));
}

TEST_F(KeptCodes, AnEmptyFileIsWhatAPowerCutLeaves) {
  directory_.write("used-codes", "");
  EXPECT_EQ(show(100, 3000), Answer::right);
  directory_.write("used-codes.new", "half a li");
  EXPECT_EQ(show(100, 3000), Answer::used) << "killed while it was written";
  EXPECT_EQ(show(101, 3001), Answer::right);
}

TEST_F(KeptCodes, ACodeThatCannotBeWrittenDownIsNotAccepted) {
  file_ = directory_.file("no such directory/used-codes");
  EXPECT_EQ(show(100, 3000), Answer::unsafe);
  EXPECT_THAT(problem_, testing::HasSubstr("cannot be made"));
}

}  // namespace
}  // namespace fairlead::auth
