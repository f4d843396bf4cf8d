// SPDX-License-Identifier: Apache-2.0
// Reading answers by the rules of services.md section 0.4, and what is refused.
#include "webhook/answer.hpp"

#include "webhook/limits.hpp"

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::webhook {
namespace {

using testing::_;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::SizeIs;

Answer verdict(std::string_view text) {
  auto answer = read_answer(text, Form::verdict);
  EXPECT_TRUE(answer) << text << ": " << answer.error();
  return answer ? std::move(*answer) : Answer{};
}

std::string mistake(std::string_view text, Form form = Form::verdict) {
  const auto answer = read_answer(text, form);
  EXPECT_FALSE(answer) << text;
  return answer ? "" : answer.error();
}

TEST(WebhookAnswer, OnlyABooleanTrueIsAYes) {
  EXPECT_TRUE(verdict(R"({"success":true})").success);
  for (const char* no : {"{}", R"({"success":false})", R"({"success":null})",
                         R"({"success":true,"success":false})", R"({"success":true,"SUCCESS":false})"}) {
    EXPECT_FALSE(verdict(no).success) << no;
  }
  for (const char* wrong :
       {R"({"success":"true"})", R"({"success":1})", R"({"success":[true]})", "true", "null", "[]", "", " ",
        "{", R"({"success":true)", "\"success\"", R"({"success":true,})"}) {
    EXPECT_NE(mistake(wrong), "") << wrong;
  }
}

TEST(WebhookAnswer, NamesAreReadInAnyCaseAndWhatFollowsIsNot) {
  EXPECT_TRUE(verdict("\n{\"Success\":true} {\"success\":false} garbage").success);
  const Answer answer =
      verdict(R"({"AUTHENTICATEDUSERNAME":"ada","MetaData":{"K":{"Value":"v","SENSITIVE":true}}})");
  EXPECT_EQ(answer.metadata.authenticated_username, "ada");
  EXPECT_EQ(answer.metadata.metadata.at("K"), (config::MetadataValue{"v", true}))
      << "names of entries keep their case";
  EXPECT_THAT(answer.unknown, SizeIs(0));
}

TEST(WebhookAnswer, WhatAGoServerEchoesIsIgnored) {
  const Answer answer = verdict(
      R"({"remoteAddress":"<nil>:0","connectionId":"x","clientVersion":"","username":"root","metadata":null,)"
      R"("environment":null,"files":null,"authenticatedUsername":"","success":true})");
  EXPECT_TRUE(answer.success);
  EXPECT_EQ(answer.metadata, config::Metadata{});
}

TEST(WebhookAnswer, FilesAreBase64) {
  const Answer answer =
      verdict(R"({"files":{"/a":{"value":"AP8K"},"/b":{"value":null},"/c":null,"/d":{"value":"AP\r\n8K"}}})");
  EXPECT_EQ(answer.metadata.files.at("/a").value, std::string("\0\xff\n", 3));
  EXPECT_EQ(answer.metadata.files.at("/b").value, "");
  EXPECT_EQ(answer.metadata.files.at("/c").value, "");
  EXPECT_EQ(answer.metadata.files.at("/d").value, std::string("\0\xff\n", 3));
  EXPECT_THAT(mistake(R"({"files":{"/a":{"value":"no base64"}}})"), HasSubstr("/a"));
}

TEST(WebhookAnswer, FilesThatNoBoxCanHaveAreLeftOutAndTold) {
  for (const char* name :
       {"", "etc/passwd", "/etc/../etc/shadow", "/..", "/a/..", "/a/", "/", "/a\\u0000b"}) {
    const Answer answer =
        verdict(std::string(R"({"success":true,"files":{"/b":null,")") + name + R"(":{"value":""}}})");
    EXPECT_TRUE(answer.success);
    EXPECT_THAT(answer.metadata.files, ElementsAre(Pair("/b", _))) << name;
    EXPECT_THAT(answer.skipped, ElementsAre(HasSubstr("of files"))) << name;
  }
}

TEST(WebhookAnswer, VariablesThatNoProgramCanHaveAreLeftOutAndTold) {
  for (const char* name : {"", "A=B", "=", "A\\u0000"}) {
    const Answer answer =
        verdict(std::string(R"({"environment":{"B":null,")") + name + R"(":{"value":"secret"}}})");
    EXPECT_THAT(answer.metadata.environment, ElementsAre(Pair("B", _))) << name;
    EXPECT_THAT(answer.skipped,
                ElementsAre(testing::AllOf(HasSubstr("of environment"), Not(HasSubstr("secret")))));
  }
  EXPECT_THAT(verdict(R"({"environment":{"A":{"value":"x\u0000"}}})").skipped, SizeIs(1));
}

TEST(WebhookAnswer, OtherOddNamesStay) {
  EXPECT_THAT(verdict(R"({"metadata":{"":null,"A=B":null}})").metadata.metadata, ElementsAre(Pair("A=B", _)))
      << "metadata is for later webhooks, whatever its names";
  EXPECT_THAT(verdict(R"({"files":{"/..a/b..c":{"value":""}}})").skipped, SizeIs(0));
  EXPECT_NE(mistake(R"({"files":{"a":{"value":"no base64"}}})"), "") << "wrong values stay mistakes";
}

TEST(WebhookAnswer, NotAllThatIsLeftOutIsNamed) {
  std::string many;
  for (std::size_t i = 0; i < 3 * limits::named; ++i)
    many += (i ? ",\"" : "\"") + std::to_string(i) + R"(":null)";
  const Answer answer = verdict(R"({"files":{)" + many + "}}");
  EXPECT_THAT(answer.metadata.files, SizeIs(0));
  EXPECT_THAT(answer.skipped, SizeIs(limits::named));
}

TEST(WebhookAnswer, WrongTypesAreRefused) {
  for (const char* wrong :
       {R"({"metadata":[]})", R"({"metadata":{"a":"b"}})", R"({"metadata":{"a":{"value":1}}})",
        R"({"metadata":{"a":{"value":"","sensitive":"yes"}}})", R"({"authenticatedUsername":7})",
        R"({"username":{}})"}) {
    EXPECT_NE(mistake(wrong), "") << wrong;
  }
}

TEST(WebhookAnswer, UnknownMembersAreToldInVerdictsAndRefusedInConfigurations) {
  const Answer answer =
      verdict(R"({"success":true,"colour":"secret","metadata":{"a":{"value":"","tag":1}}})");
  EXPECT_TRUE(answer.success);
  EXPECT_THAT(answer.unknown, ElementsAre("colour", "entry a of metadata.tag"));
  EXPECT_THAT(mistake(R"({"colour":"secret"})", Form::configuration),
              testing::AllOf(HasSubstr("colour"), Not(HasSubstr("secret"))));
  EXPECT_NE(mistake(R"({"success":true})", Form::configuration), "");
  EXPECT_NE(mistake(R"({"metadata":{"a":{"value":"","tag":1}}})", Form::configuration), "");
}

TEST(WebhookAnswer, AConfigurationIsHandedOnAsItIs) {
  const auto answer =
      read_answer(R"({"CONFIG":{"Backend":"docker","n":18446744073709551615}})", Form::configuration);
  ASSERT_TRUE(answer);
  EXPECT_EQ(boost::json::serialize(answer->config), R"({"Backend":"docker","n":18446744073709551615})");
  EXPECT_TRUE(read_answer(R"({"config":null})", Form::configuration)->config.is_null());
  EXPECT_NE(mistake(R"({"config":[]})", Form::configuration), "");
}

TEST(WebhookAnswer, SizesAreBounded) {
  const std::string many = [] {
    std::string text = R"({"metadata":{)";
    for (std::size_t i = 0; i <= limits::entries; ++i)
      text += (i ? ",\"" : "\"") + std::to_string(i) + R"(":{"value":""})";
    return text + "}}";
  }();
  EXPECT_THAT(mistake(many), HasSubstr("too many"));
  const std::string long_value(limits::value + 1, 'a');
  EXPECT_THAT(mistake(R"({"environment":{"A":{"value":")" + long_value + R"("}}})"), HasSubstr("too big"));
  EXPECT_NE(mistake(R"({"success":true,"x":)" + std::string(100, '[') + std::string(100, ']') + "}"), "");
}

}  // namespace
}  // namespace fairlead::webhook
