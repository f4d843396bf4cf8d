// SPDX-License-Identifier: Apache-2.0
// Documents as trees with lines, from YAML and JSON.
#include "config/node.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Yaml, NodesKnowTheLinesOfTheirKeys) {
  const auto document = parse_yaml("a: 1\nb:\n  c:\n    - x\n    - y\n", "f.yaml");
  ASSERT_TRUE(document);
  const Node* b = document->find("b");
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->line, 2);
  EXPECT_EQ(b->find("c")->line, 3);
  EXPECT_EQ(b->find("c")->items.at(1).text, "y");
  EXPECT_EQ(b->find("c")->items.at(1).line, 5);
}

TEST(Yaml, QuotedTextIsNeverNull) {
  const auto document = parse_yaml("a: ''\nb:\nc: \"null\"\nd: null\ne: ~", "f");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->find("a")->kind, Node::Kind::scalar);
  EXPECT_EQ(document->find("b")->kind, Node::Kind::null);
  EXPECT_EQ(document->find("c")->text, "null");
  EXPECT_EQ(document->find("c")->kind, Node::Kind::scalar);
  EXPECT_EQ(document->find("d")->kind, Node::Kind::null);
  EXPECT_EQ(document->find("e")->kind, Node::Kind::null);
}

TEST(Yaml, DuplicateKeysAreRefusedWithTheirLine) {
  const auto document = parse_yaml("a: 1\nb: 2\na: 3\n", "f.yaml");
  ASSERT_FALSE(document);
  EXPECT_THAT(document.error(), ElementsAre("f.yaml:3: key \"a\" is given twice"));
}

TEST(Yaml, SyntaxErrorsNameFileAndLine) {
  const auto document = parse_yaml("a: 1\nb: [1, 2\nc: 3\n", "f.yaml");
  ASSERT_FALSE(document);
  EXPECT_THAT(document.error(), ElementsAre(StartsWith("f.yaml:")));
  EXPECT_THAT(document.error().front(), HasSubstr("not YAML"));
}

TEST(Yaml, AnEmptyFileIsAMistake) {
  for (const char* text : {"", "\n", "# only a comment\n", "---\n"})
    EXPECT_FALSE(parse_yaml(text, "f")) << text;
}

TEST(Yaml, MergeKeysAreResolved) {
  const auto document = parse_yaml("base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\n", "f");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->find("use")->find("x")->text, "1");
  EXPECT_EQ(document->find("use")->find("y")->text, "3");
  EXPECT_EQ(document->find("use")->find("<<"), nullptr);
}

TEST(Yaml, AliasBombsEndWithAnError) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j > 0 ? ",*a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  const auto document = parse_yaml(bomb, "f");
  ASSERT_FALSE(document);
  EXPECT_THAT(document.error().front(), HasSubstr("too many values"));
}

TEST(Yaml, DeepNestingEndsWithAnError) {
  EXPECT_FALSE(parse_yaml(std::string(100, '['), "f"));
  EXPECT_FALSE(parse_yaml(std::string(100, '[') + std::string(100, ']'), "f"));
  EXPECT_FALSE(parse_yaml(std::string(100'000, '['), "f"));
}

TEST(Json, NodesKnowTheLinesOfTheirKeys) {
  const auto document = parse_json("{\n \"a\": 1,\n \"b\": {\n  \"c\": [\"x\",\n \"y\"]\n }\n}\n", "f.json");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->find("a")->line, 2);
  EXPECT_EQ(document->find("a")->text, "1");
  EXPECT_FALSE(document->find("a")->quoted);
  EXPECT_EQ(document->find("b")->find("c")->line, 4);
  EXPECT_EQ(document->find("b")->find("c")->items.at(1).text, "y");
  EXPECT_TRUE(document->find("b")->find("c")->items.at(1).quoted);
}

TEST(Json, NumbersAtTheEndOfALineAreWhole) {
  const auto document = parse_json("[12\n,true\n,null\n,-3.5e2\n]", "f.json");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->items.at(0).text, "12");
  EXPECT_EQ(document->items.at(1).text, "true");
  EXPECT_EQ(document->items.at(2).kind, Node::Kind::null);
  EXPECT_EQ(document->items.at(3).text, "-3.5e2");
}

TEST(Json, OfTwoMembersWithOneNameTheLastCounts) {
  const auto document = parse_json(R"({"a": 1, "a": 2})", "f.json");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->members.size(), 1U);
  EXPECT_EQ(document->find("a")->text, "2");
}

TEST(Json, MistakesNameFileAndLine) {
  for (const char* text : {"", "{", "{\n\"a\" 1}", "[1,]", "{} x", "nul", "\"open"}) {
    const auto document = parse_json(text, "f.json");
    ASSERT_FALSE(document) << text;
    EXPECT_THAT(document.error(), ElementsAre(StartsWith("f.json:"))) << text;
  }
  EXPECT_FALSE(parse_json(std::string(100'000, '['), "f"));
}

TEST(Files, WhatIsNoRegularFileIsRefused) {
  EXPECT_THAT(read_text_file("/no/such/file").error(), HasSubstr("No such file"));
  EXPECT_FALSE(read_text_file("/"));
  EXPECT_FALSE(read_text_file("/dev/zero"));
}

// Found by config_fuzz: yaml-cpp lets it pass, and the dump could not be loaded again.
TEST(Yaml, TextsMustBeUtf8) {
  for (const char* text : {"a: 1\nb: x\xff\n", "a: 1\n\xff: 1\n", "a: 1\nb: [\"\xc0\x80\"]\n"}) {
    const auto node = parse_yaml(text, "f");
    ASSERT_FALSE(node) << text;
    EXPECT_EQ(node.error().front(), "f:2: a text that is no UTF-8");
  }
  EXPECT_TRUE(parse_yaml("a: \xc3\xa4\n", "f"));
}

}  // namespace
}  // namespace fairlead::config
