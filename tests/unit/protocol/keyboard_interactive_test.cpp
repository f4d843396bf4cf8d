// SPDX-License-Identifier: Apache-2.0
// RFC 4256 between an engine and a client that sends anything, and between our two engines.
#include "protocol/keyboard_interactive.hpp"

#include "unit/protocol/login_stage.hpp"

#include <fairlead/ssh/limits.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::ssh::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int asked = msg::userauth_info_request;

PromptRound one_prompt(std::string text = "Password: ") {
  std::vector<Prompt> prompts;
  prompts.emplace_back(std::move(text));
  return PromptRound(std::move(prompts));
}

PromptRound two_prompts() {
  std::vector<Prompt> prompts;
  prompts.emplace_back("Name? ", true);
  prompts.emplace_back("Colour? ");
  return PromptRound(std::move(prompts), "Answer both", "Questions");
}

// A dialogue whose first question is out.
struct Asked : LoginStage {
  explicit Asked(const PromptRound& round = one_prompt(), EngineConfig config = all_methods())
      : LoginStage(std::move(config)) {
    send(keyboard_interactive_request());
    EXPECT_TRUE(engine().prompt_auth(round));
    carry();
    EXPECT_THAT(answer_numbers(), ElementsAre(asked));
    told();
  }
};

TEST(KeyboardInteractive, PromptsAreAskedAndAnsweredAndTheOwnerDecides) {
  LoginStage stage;
  stage.send(keyboard_interactive_request());
  EXPECT_THAT(stage.told(), ElementsAre("AuthAttempt keyboard-interactive alice"));
  ASSERT_TRUE(stage.engine().prompt_auth(two_prompts()));
  stage.carry();
  const auto question = stage.answers();
  ASSERT_THAT(question, SizeIs(1));
  EXPECT_TRUE(equal(question[0], Payload(msg::userauth_info_request, "Questions", "Answer both", "",
                                         std::uint32_t{2}, "Name? ", true, "Colour? ", false)));
  stage.send(info_response({"Lancelot", "blue"}));
  EXPECT_THAT(stage.told(), ElementsAre("AuthAnswers Lancelot blue"));
  stage.engine().accept_auth();
  stage.carry();
  EXPECT_THAT(stage.answer_numbers(), ElementsAre(success));
  EXPECT_TRUE(stage.engine().authenticated());
}

TEST(KeyboardInteractive, WorksByteByByteInSplitsAndAtOnce) {
  FixedRandom random(7);
  for (const Splitter splitter : {Splitter{.fixed = 1}, Splitter{.random = &random}, Splitter{}}) {
    LoginStage stage(all_methods(), splitter);
    stage.send(keyboard_interactive_request());
    ASSERT_TRUE(stage.engine().prompt_auth(one_prompt()));
    stage.carry();
    stage.send(info_response({"secret"}));
    EXPECT_THAT(stage.told(), ElementsAre("AuthAttempt keyboard-interactive alice", "AuthAnswers secret"));
  }
}

TEST(KeyboardInteractive, IsRefusedWhereItIsNotOffered) {
  LoginStage stage(server_config());
  stage.send(keyboard_interactive_request());
  EXPECT_THAT(stage.told(), ElementsAre("AuthRefused alice keyboard-interactive method not offered"));
  EXPECT_FALSE(stage.engine().prompt_auth(one_prompt()));
}

TEST(KeyboardInteractive, OnlyARequestThatIsPendingIsAsked) {
  LoginStage stage;
  EXPECT_FALSE(stage.engine().prompt_auth(one_prompt()));
  stage.send(auth_request("password").add(false).add("x"));
  EXPECT_FALSE(stage.engine().prompt_auth(one_prompt()));
  stage.engine().accept_auth_query();  // no query either
  stage.carry();
  EXPECT_THAT(stage.answers(), IsEmpty());
}

// The table lets INFO_RESPONSE pass while a dialogue waits for it, and never else.
TEST(KeyboardInteractive, AnswersThatNobodyAskedForDisconnectBeforeTheLogin) {
  LoginStage early;
  early.send(info_response({"x"}));
  EXPECT_EQ(early.error(), Errc::unexpected_message);

  Asked late;
  late.send(info_response({"x"}));
  late.engine().reject_auth();
  late.carry();
  late.send(info_response({"y"}));
  EXPECT_EQ(late.error(), Errc::unexpected_message);

  Asked after;
  after.send(info_response({"x"}));
  after.engine().accept_auth();
  after.carry();
  after.send(info_response({"y"}));
  EXPECT_EQ(after.error(), Errc::cancelled) << "after the login the number means nothing (TM-1)";

  Asked cancelled;
  cancelled.send(auth_request("none"));
  cancelled.send(info_response({"x"}));
  EXPECT_EQ(cancelled.error(), Errc::unexpected_message);
}

// UA-15, CVE-2026-42189: an announced count made the server reserve memory.
TEST(KeyboardInteractive, Cve2026_42189_TheCountOfAnswersReservesNothing) {
  for (const std::uint32_t count : {0U, 2U, 100000U, 0x80000000U, 0xFFFFFFFFU}) {
    Asked stage;
    stage.send(Payload(msg::userauth_info_response, count, "x"));
    EXPECT_THAT(stage.told(),
                ElementsAre("AuthRefused alice keyboard-interactive the answers do not fit the prompts"))
        << count;
    EXPECT_THAT(stage.answer_numbers(), ElementsAre(failed)) << count;
    EXPECT_FALSE(stage.engine().authenticated());
  }
}

TEST(KeyboardInteractive, AnswersThatEndTooSoonOrTooLateDisconnect) {
  Asked short_one;
  short_one.send(Payload(msg::userauth_info_response, std::uint32_t{1}));
  EXPECT_EQ(short_one.error(), Errc::bad_message);
  Asked long_one;
  long_one.send(Payload(msg::userauth_info_response, std::uint32_t{1}, "x", "y"));
  EXPECT_EQ(long_one.error(), Errc::bad_message);
  Asked lying;
  lying.send(Payload(msg::userauth_info_response, std::uint32_t{1}, std::uint32_t{0xFFFFFFFF}));
  EXPECT_EQ(lying.error(), Errc::bad_message);
}

TEST(KeyboardInteractive, OverlongAnswersAndNulAreRefused) {
  for (const std::string& answer : {std::string(limits::password + 1, 'x'), std::string("a\0b", 3)}) {
    Asked stage;
    stage.send(info_response({answer}));
    EXPECT_THAT(stage.answer_numbers(), ElementsAre(failed));
    EXPECT_THAT(stage.told(), SizeIs(1));
  }
  Asked longest;
  longest.send(info_response({std::string(limits::password, 'x')}));
  EXPECT_THAT(longest.answer_numbers(), IsEmpty());
  EXPECT_THAT(longest.told(), ElementsAre(testing::StartsWith("AuthAnswers x")));
}

TEST(KeyboardInteractive, AnswersAreWipedFromTheInput) {
  for (const std::uint32_t count : {1U, 2U}) {
    PromptDialogue dialogue;
    ASSERT_FALSE(dialogue.ask(one_prompt()).empty());
    const Payload response(msg::userauth_info_response, count, "a secret word");
    const Bytes whole = response;
    std::vector<std::byte> message(whole.begin(), whole.end());
    ASSERT_TRUE(dialogue.take_answers(message));
    EXPECT_EQ(as_text(message).find("secret"), std::string_view::npos) << count;
  }
}

TEST(KeyboardInteractive, TenRoundsAreTheMostAndEmptyOnesCount) {
  Asked stage(PromptRound{});
  for (unsigned round = 1; round < limits::auth_rounds; ++round) {
    stage.send(info_response({}));
    ASSERT_TRUE(stage.engine().prompt_auth(PromptRound{})) << round;
    stage.carry();
  }
  stage.send(info_response({}));
  EXPECT_FALSE(stage.engine().prompt_auth(PromptRound{}));
  stage.engine().reject_auth();
  stage.carry();
  EXPECT_EQ(stage.answer_numbers().back(), failed);
  // A new dialogue has its own.
  stage.send(keyboard_interactive_request());
  EXPECT_TRUE(stage.engine().prompt_auth(PromptRound{}));
}

TEST(KeyboardInteractive, ARoundOfTooManyPromptsIsNotSent) {
  LoginStage stage;
  stage.send(keyboard_interactive_request());
  PromptRound round;
  round.prompts.resize(limits::auth_prompts + 1);
  EXPECT_FALSE(stage.engine().prompt_auth(round));
  round.prompts.resize(limits::auth_prompts);
  EXPECT_TRUE(stage.engine().prompt_auth(round));
}

// RFC 4252 section 5.1: aborted, and no FAILURE for it.
TEST(KeyboardInteractive, ANewRequestCancelsTheDialogue) {
  Asked stage;
  stage.send(auth_request("password").add(false).add("word"));
  EXPECT_THAT(stage.told(), ElementsAre("AuthAttempt password alice word"));
  EXPECT_THAT(stage.answers(), IsEmpty());
  stage.engine().reject_auth();
  stage.carry();
  EXPECT_THAT(stage.answer_numbers(), ElementsAre(failed));
}

TEST(KeyboardInteractive, AbandonedDialoguesCountAsFailures) {
  Asked stage;
  for (unsigned i = 1; i < limits::auth_failures; ++i) {
    stage.send(keyboard_interactive_request());
    ASSERT_TRUE(stage.engine().prompt_auth(one_prompt())) << i;
    stage.carry();
  }
  EXPECT_EQ(stage.error(), Errc::cancelled);
  stage.send(keyboard_interactive_request());
  EXPECT_EQ(stage.error(), Errc::too_many_auth_attempts);
  EXPECT_TRUE(stage.client.told("Disconnected 2 Too many authentication failures"));
}

TEST(KeyboardInteractive, BadUserNamesAreRefusedBeforeAnybodyIsAsked) {
  LoginStage stage;
  stage.send(keyboard_interactive_request("a\nb"));
  EXPECT_THAT(stage.told(), ElementsAre(testing::EndsWith("bad user name")));
}

// UA-3: the list changes with a success, and what is not in it is not taken.
TEST(PartialSuccess, OnlyWhatCanContinueIsTakenFromThereOn) {
  LoginStage stage;
  stage.send(auth_request("password").add(false).add("right"));
  stage.engine().continue_auth({"keyboard-interactive"});
  stage.carry();
  auto told = stage.answers();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_TRUE(equal(told[0], Payload(msg::userauth_failure, "keyboard-interactive", true)));
  stage.told();
  stage.send(auth_request("password").add(false).add("right"));
  EXPECT_THAT(stage.told(), ElementsAre("AuthRefused alice password method not offered"));
  told = stage.answers();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_TRUE(equal(told[0], Payload(msg::userauth_failure, "keyboard-interactive", false)))
      << "a failure is never a partial success";
  stage.send(keyboard_interactive_request());
  ASSERT_TRUE(stage.engine().prompt_auth(one_prompt()));
  stage.carry();
  stage.send(info_response({"123456"}));
  stage.engine().accept_auth();
  stage.carry();
  EXPECT_THAT(stage.answer_numbers(), ElementsAre(asked, success));
}

TEST(PartialSuccess, OfAQueryIsNone) {
  LoginStage stage;
  stage.send(auth_request("publickey").add(false).add("ssh-ed25519").add(test_key().public_key().blob()));
  stage.engine().continue_auth({"password"});
  stage.carry();
  EXPECT_THAT(stage.answer_numbers(), ElementsAre(msg::userauth_pk_ok));
  stage.send(auth_request("none"));
  const auto told = stage.answers();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_TRUE(equal(told[0], Payload(msg::userauth_failure,
                                     "publickey,password,keyboard-interactive,gssapi-with-mic", false)));
}

// --- our client

struct Both : TwoEngines {
  Both() : TwoEngines(all_methods()) { server.decides = false; }
};

TEST(KeyboardInteractiveClient, AnswersWhatOurServerAsks) {
  Both both;
  both.client.engine().request_keyboard_interactive("alice");
  both.run();
  ASSERT_TRUE(both.server.engine().prompt_auth(two_prompts()));
  both.run();
  EXPECT_THAT(both.client.log(), ElementsAre("AuthPrompts Questions Answer both Name? + Colour? -"));
  const std::vector<SecretBytes> one{to_secret("Lancelot")};
  both.client.engine().answer_prompts(one);  // too few: not sent
  both.run();
  EXPECT_EQ(both.server.log().size(), 1U);
  const std::vector<SecretBytes> two{to_secret("Lancelot"), to_secret("blue")};
  both.client.engine().answer_prompts(two);
  both.client.engine().answer_prompts(two);  // once only
  both.run();
  EXPECT_EQ(both.server.log().back(), "AuthAnswers Lancelot blue");
  both.server.engine().accept_auth();
  both.run();
  EXPECT_EQ(both.client.log().back(), "AuthSucceeded");
}

TEST(KeyboardInteractiveClient, AnotherRequestGivesUp) {
  Both both;
  both.client.engine().request_keyboard_interactive("alice");
  both.run();
  ASSERT_TRUE(both.server.engine().prompt_auth(two_prompts()));
  both.run();
  both.client.engine().request_password("alice", as_bytes("word"));
  both.run();
  EXPECT_EQ(both.server.log().back(), "AuthAttempt password alice word");
}

// A server that asks what it likes.
struct RogueServer {
  RogueServer() : server(server_config()), client(client_config(), 3) {
    server.host_keys.push_back(test_key());
    pump(server, client);
    client.engine().request_keyboard_interactive("alice");
    pump(server, client);
    server.transport().set_dialogue(AuthDialogue::prompts);
    client.clear_log();
  }
  Errc send(const Payload& payload) {
    server.transport().send(payload);
    pump(server, client);
    return client.error() ? client.error()->code : Errc::cancelled;
  }
  TransportPeer server;
  EnginePeer client;
};

TEST(KeyboardInteractiveClient, HostilePromptsAreBounded) {
  for (const std::uint32_t count : {static_cast<std::uint32_t>(limits::auth_prompts + 1), 0xFFFFFFFFU})
    EXPECT_EQ(RogueServer().send(Payload(msg::userauth_info_request, "", "", "", count, "x", true)),
              Errc::bad_message);
  EXPECT_EQ(RogueServer().send(Payload(msg::userauth_info_request, "", "", "", std::uint32_t{2}, "x", true)),
            Errc::bad_message)
      << "one is missing";
  RogueServer endless;
  const Payload nothing(msg::userauth_info_request, "", "", "", std::uint32_t{0});
  for (unsigned round = 0; round < limits::auth_rounds; ++round) {
    ASSERT_EQ(endless.send(nothing), Errc::cancelled);
    endless.client.engine().answer_prompts({});
    pump(endless.server, endless.client);
  }
  EXPECT_EQ(endless.send(nothing), Errc::unexpected_message);
}

TEST(KeyboardInteractiveClient, QuestionsOutOfTurnDisconnect) {
  RogueServer twice;
  const Payload nothing(msg::userauth_info_request, "", "", "", std::uint32_t{0});
  EXPECT_EQ(twice.send(nothing), Errc::cancelled);
  EXPECT_EQ(twice.send(nothing), Errc::unexpected_message) << "the first is not answered yet";
  RogueServer success_unasked;
  EXPECT_EQ(success_unasked.send(nothing), Errc::cancelled);
  EXPECT_EQ(success_unasked.send(Payload(msg::userauth_success)), Errc::unexpected_message);
}

}  // namespace
}  // namespace fairlead::ssh::test
