// SPDX-License-Identifier: Apache-2.0
// UTF-8 is decoded exactly.
#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace fairlead::ssh {
namespace {

TEST(Utf8, CharactersOfEveryLength) {
  EXPECT_EQ(decode_utf8("a").code, U'a');
  EXPECT_EQ(decode_utf8("é").code, U'é');
  EXPECT_EQ(decode_utf8("日本").code, U'日');
  EXPECT_EQ(decode_utf8("日本").size, 3U);
  EXPECT_EQ(decode_utf8("😀").code, U'😀');
  EXPECT_EQ(decode_utf8("\xf4\x8f\xbf\xbf").code, char32_t{0x10FFFF});
}

TEST(Utf8, InvalidSequencesHaveNoSize) {
  for (const char* text :
       {"", "\x80", "\xbf", "\xc0\xaf", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x9f\xbf", "\xe2\x82",
        "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"})
    EXPECT_EQ(decode_utf8(text).size, 0U) << text;
}

TEST(Utf8, CleanTextHasNoControlCharacters) {
  EXPECT_TRUE(is_clean_utf8("älice 😀"));
  EXPECT_TRUE(is_clean_utf8(""));
  for (const std::string_view text :
       {std::string_view("a\0b", 3), std::string_view("\n"), std::string_view("\x7f"),
        std::string_view("\xc2\x9b"), std::string_view("a\xff")})
    EXPECT_FALSE(is_clean_utf8(text));
}

}  // namespace
}  // namespace fairlead::ssh
