// SPDX-License-Identifier: Apache-2.0
// Log lines survive whatever a peer calls itself.
#include "observe/line.hpp"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

namespace fairlead::observe {
namespace {

namespace json = boost::json;

// Every line of a test is in UTC, wherever it runs.
class Line : public testing::Test {
 protected:
  Line() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
};
using Escape = Line;

bool is_printable(std::string_view line) {
  return std::ranges::none_of(line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

TEST_F(Escape, ControlCharactersAndInvalidUtf8BecomeVisible) {
  EXPECT_EQ(escape("plain text, ümlaut, 日本 😀", 100), "plain text, ümlaut, 日本 😀");
  EXPECT_EQ(escape("a\nb\r\x1b[2J\x07\x7f", 100), "a\\x0ab\\x0d\\x1b[2J\\x07\\x7f");
  EXPECT_EQ(escape(std::string_view("\0x", 2), 100), "\\x00x");
  EXPECT_EQ(escape("\x9b", 100), "\\x9b");
  EXPECT_EQ(escape("\xc2\x9b", 100), "\\xc2\\x9b") << "C1 control sequence introducer in UTF-8";
  EXPECT_EQ(escape("\xff\xc3(\xe2\x82", 100), "\\xff\\xc3(\\xe2\\x82");
  EXPECT_EQ(escape("\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80", 100),
            "\\xc0\\xaf\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80")
      << "overlong, surrogate, above U+10FFFF";
  EXPECT_EQ(escape("\u202egnp.exe\u2028", 100), "\\xe2\\x80\\xaegnp.exe\\xe2\\x80\\xa8");
}

TEST_F(Escape, LongTextIsCutBetweenCharacters) {
  EXPECT_EQ(escape("abcdef", 3), "abc…");
  EXPECT_EQ(escape("abc", 3), "abc");
  EXPECT_EQ(escape("aé", 2), "a…");
  EXPECT_LE(escape(std::string(1'000'000, '\x01'), 256).size(), 256 * 4 + 3);
}

TEST_F(Line, JsonHasItsMembersInOrder) {
  EXPECT_EQ(
      json_line(1778238715, Level::notice, "SSH_AVAILABLE", "Listening",
                {{"module", "ssh"}, {"port", 2222}, {"secure", true}}),
      R"({"timestamp":"2026-05-08T11:11:55Z","level":"notice","code":"SSH_AVAILABLE","message":"Listening",)"
      R"("details":{"module":"ssh","port":2222,"secure":true}})");
  EXPECT_EQ(json_line(0, Level::emerg, "A", "", {}),
            R"({"timestamp":"1970-01-01T00:00:00Z","level":"emerg","code":"A","message":"","details":{}})");
}

TEST_F(Line, LocalTimeShowsItsOffset) {
  ::setenv("TZ", "XXX-05:30", 1);
  ::tzset();
  EXPECT_THAT(json_line(0, Level::info, "A", "m", {}), testing::HasSubstr("1970-01-01T05:30:00+05:30"));
  ::setenv("TZ", "XXX03", 1);
  ::tzset();
  EXPECT_THAT(json_line(0, Level::info, "A", "m", {}), testing::HasSubstr("1969-12-31T21:00:00-03:00"));
}

TEST_F(Line, LabelsAreSortedAndTheLaterOfTwoCounts) {
  EXPECT_THAT(json_line(0, Level::info, "A", "m", {{"b", "1"}, {"a", "2"}, {"b", "3"}}),
              testing::HasSubstr(R"({"a":"2","b":"3"})"));
  EXPECT_EQ(text_line(0, Level::error, "m", {{"b", "1"}, {"a", 2}}),
            "1970-01-01T00:00:00Z\terror\tm (a=2 b=1)");
  EXPECT_EQ(text_line(0, Level::error, "m", {}), "1970-01-01T00:00:00Z\terror\tm");
}

TEST_F(Line, HtmlIsEscapedAsGoDoesIt) {
  EXPECT_THAT(json_line(0, Level::info, "A", "<b>&\"\\", {}),
              testing::HasSubstr(R"("message":"\u003cb\u003e\u0026\"\\")"));
}

TEST_F(Line, EveryByteOfEveryKindGivesOneJsonLine) {
  for (int byte = 0; byte < 256; ++byte) {
    std::string hostile(3, static_cast<char>(byte));
    hostile += "\"}\n{\"level\":\"alert\"";
    const std::string line = json_line(0, Level::info, "A", hostile, {{"user", hostile}, {hostile, hostile}});
    EXPECT_TRUE(is_printable(line)) << byte;
    boost::system::error_code error;
    const json::value value = json::parse(line, error);
    ASSERT_FALSE(error) << byte << ": " << line;
    EXPECT_EQ(value.at("level").as_string(), "info");
    EXPECT_EQ(value.at("details").as_object().size(), 2U);
    EXPECT_TRUE(is_printable(value.at("message").as_string())) << "decoding must not bring anything back";
    EXPECT_TRUE(is_printable(text_line(0, Level::info, hostile, {{"user", hostile}}).substr(26)));
  }
}

}  // namespace
}  // namespace fairlead::observe
