// SPDX-License-Identifier: Apache-2.0
// Password hashes: which are accepted, and what matches them.
#include "auth/password_hash.hpp"

#include "sample_hashes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include <thread>

namespace fairlead::auth {
namespace {

using ssh::as_bytes;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* accepted[] = {test::yescrypt, test::sha512crypt, test::sha512crypt_rounds, test::bcrypt,
                                    test::bcrypt_2y};

TEST(PasswordHash, EveryAcceptedFormatMatchesItsPasswordOnly) {
  for (const char* hash : accepted) {
    EXPECT_TRUE(check_hash_format(hash)) << hash << ' ' << check_hash_format(hash).error();
    EXPECT_TRUE(password_matches(as_bytes("correct horse"), hash)) << hash;
    EXPECT_FALSE(password_matches(as_bytes("correct horsf"), hash)) << hash;
    EXPECT_FALSE(password_matches(as_bytes("correct hors"), hash)) << hash;
  }
}

TEST(PasswordHash, ANulNeverMatches) {
  // UA-7: libcrypt stops at the first NUL, so this would be the right password.
  EXPECT_FALSE(password_matches(as_bytes(std::string_view("correct horse\0", 14)), test::yescrypt));
  EXPECT_FALSE(password_matches(as_bytes(std::string_view("correct horse\0x", 15)), test::yescrypt));
  EXPECT_FALSE(password_matches({}, test::yescrypt));
  EXPECT_FALSE(password_matches(as_bytes(std::string(5000, 'x')), test::yescrypt));
}

TEST(PasswordHash, NothingMatchesWhatIsNoHash) {
  for (const char* hash : {"", "*", "*0", "*1", "!", "x", "correct horse", "$y$", "$y$j9T$", "$6$"})
    EXPECT_FALSE(password_matches(as_bytes("correct horse"), hash)) << hash;
}

TEST(PasswordHash, WeakForeignAndBrokenFormatsAreRefused) {
  const std::string yescrypt = test::yescrypt, sha512 = test::sha512crypt, bcrypt = test::bcrypt;
  for (const std::string& hash : {
           std::string(),
           std::string("correct horse"),
           std::string("!") + yescrypt,
           std::string("*"),
           std::string("$1$salt$qJH7.N4xYta3aEG/dfqo/0"),                       // MD5
           std::string("$5$salt$Gcm6FsVtF/Qa77ZKD.iwsJlCVPY0XSMgLJL0Hnww/c1"),  // SHA-256
           std::string("rl.3StKT.4T8M"),                                        // DES
           yescrypt.substr(0, yescrypt.size() - 1),
           yescrypt + "x",
           std::string("$y$j9T$salt"),
           sha512.substr(0, sha512.size() - 1),
           sha512 + "\n",
           std::string("$6$rounds=1000$") + sha512.substr(3),
           std::string("$6$rounds=999999999$") + sha512.substr(3),
           std::string("$6$rounds=x$") + sha512.substr(3),
           bcrypt.substr(0, bcrypt.size() - 1),
           "$2b$04$" + bcrypt.substr(7),
           "$2b$31$" + bcrypt.substr(7),
           "$2b$x8$" + bcrypt.substr(7),
       })
    EXPECT_FALSE(check_hash_format(hash)) << hash;
  EXPECT_THAT(check_hash_format("plain").error(), HasSubstr("fairlead hash-password"));
}

TEST(PasswordHash, ANewHashIsYescryptAndMatches) {
  const auto hash = hash_password(as_bytes("s3cret ü"));
  ASSERT_TRUE(hash);
  EXPECT_THAT(*hash, StartsWith("$y$j9T$"));
  EXPECT_TRUE(check_hash_format(*hash));
  EXPECT_TRUE(password_matches(as_bytes("s3cret ü"), *hash));
  EXPECT_NE(hash_password(as_bytes("s3cret ü")).value(), *hash) << "every hash has a salt of its own";
}

TEST(PasswordHash, PasswordsThatCouldNeverMatchAreNotHashed) {
  EXPECT_FALSE(hash_password({}));
  EXPECT_FALSE(hash_password(as_bytes(std::string_view("a\0b", 3))));
  EXPECT_FALSE(hash_password(as_bytes(std::string(512, 'x'))));
  EXPECT_TRUE(hash_password(as_bytes(std::string(511, 'x'))));
}

std::expected<ssh::SecretBytes, std::string> read_piped(std::string_view text) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  EXPECT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::close(ends[1]);
  auto result = read_new_password(ends[0]);
  ::close(ends[0]);
  return result;
}

TEST(ReadPassword, FromAPipeTheFirstLineIsTaken) {
  EXPECT_EQ(ssh::to_string(read_piped("secret\nmore\n").value()), "secret");
  EXPECT_EQ(ssh::to_string(read_piped("no newline").value()), "no newline");
  EXPECT_FALSE(read_piped(""));
  EXPECT_FALSE(read_piped("\n"));
  EXPECT_FALSE(read_piped(std::string(5000, 'x')));
}

// A person at a terminal: types when asked, sees what the terminal shows.
class Terminal : public testing::Test {
 protected:
  Terminal() { EXPECT_EQ(::openpty(&person_, &program_, nullptr, nullptr, nullptr), 0); }
  ~Terminal() override {
    ::close(person_);
    ::close(program_);
  }

  std::string read_until(std::string_view wanted) {
    std::string shown;
    char byte;
    while (shown.find(wanted) == std::string::npos && ::read(person_, &byte, 1) == 1) shown += byte;
    return shown;
  }
  void type(std::string_view text) {
    EXPECT_EQ(::write(person_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::expected<ssh::SecretBytes, std::string> answer(std::string_view first, std::string_view second) {
    std::thread person([&] {
      shown_ = read_until("Password: ");
      type(first);
      shown_ += read_until("\n");
      if (second.empty()) return;
      shown_ += read_until("more: ");
      type(second);
      shown_ += read_until("\n");
    });
    auto result = read_new_password(program_);
    person.join();
    return result;
  }
  bool echoes() const {
    termios settings{};
    ::tcgetattr(program_, &settings);
    return (settings.c_lflag & ECHO) != 0;
  }

  int person_ = -1, program_ = -1;
  std::string shown_;
};

TEST_F(Terminal, AsksTwiceWithoutEcho) {
  const auto password = answer("hunter2\r", "hunter2\r");
  ASSERT_TRUE(password) << password.error();
  EXPECT_EQ(ssh::to_string(*password), "hunter2");
  EXPECT_THAT(shown_, testing::Not(HasSubstr("hunter2")));
  EXPECT_TRUE(echoes()) << "put back";
}

TEST_F(Terminal, KeysThatCorrectWork) {
  EXPECT_EQ(ssh::to_string(answer("wrong\x15secrex\x7ft\r", "secret\r").value()), "secret");
}

TEST_F(Terminal, TwoDifferentPasswordsAreRefused) {
  EXPECT_THAT(answer("one\r", "two\r").error(), HasSubstr("differ"));
  EXPECT_TRUE(echoes());
}

TEST_F(Terminal, InterruptLeavesTheEchoOn) {
  EXPECT_THAT(answer("ab\x03", "").error(), HasSubstr("Interrupted"));
  EXPECT_TRUE(echoes());
}

}  // namespace
}  // namespace fairlead::auth
