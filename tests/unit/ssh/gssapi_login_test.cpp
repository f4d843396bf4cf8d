// SPDX-License-Identifier: Apache-2.0
// gssapi-with-mic through accept(): the mechanism, the MIC, and who the principal may be. The client is made
// by hand, since ours has no mechanism.
#include "unit/ssh/raw_end.hpp"

#include <gmock/gmock.h>

namespace fairlead::ssh::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

// A mechanism whose tokens are "name:" and whose MIC is the message backwards.
class BackwardsContext final : public GssapiContext {
 public:
  [[nodiscard]] Task<GssapiStep> accept(Bytes token) override {
    GssapiStep step;
    if (as_text(token) == "more") {
      step.state = GssapiStep::State::proceed;
    } else if (as_text(token).starts_with("i am ")) {
      step.state = GssapiStep::State::complete;
      name_ = as_text(token).substr(5);
    } else if (as_text(token) == "crash") {
      throw std::runtime_error("mechanism down");
    }
    co_return step;
  }
  [[nodiscard]] Task<bool> verify_mic(Bytes message, Bytes mic) override {
    co_return std::ranges::equal(message, std::vector(mic.rbegin(), mic.rend()));
  }
  [[nodiscard]] std::string principal() const override { return name_; }

 private:
  std::string name_;
};

class BackwardsAcceptor final : public GssapiAcceptor {
 public:
  [[nodiscard]] std::unique_ptr<GssapiContext> begin(Bytes mechanism) override {
    return as_text(mechanism) == "backwards" ? std::make_unique<BackwardsContext>() : nullptr;
  }
};

class PrincipalAuthenticator final : public TestAuthenticator {
 public:
  [[nodiscard]] std::vector<std::string> methods() const override { return {"gssapi-with-mic", "password"}; }
  [[nodiscard]] Task<Verdict> gssapi(const AuthContext& context, const std::string& principal) override {
    asked.push_back(context.user + " is " + principal);
    co_return principal == context.user + "@EXAMPLE" ? Verdict::accepted : Verdict::refused;
  }
};

// What a client's MIC covers, backwards.
std::string make_mic(RawEnd& client, const std::string& user) {
  ByteBuffer data;
  WireWriter(data)
      .string(client.session_id())
      .byte(msg::userauth_request)
      .string(user)
      .string("ssh-connection")
      .string("gssapi-with-mic");
  const std::string text = to_string(data.readable());
  return {text.rbegin(), text.rend()};
}

struct Script {
  std::string mechanism = "backwards";
  std::vector<std::string> tokens;
  std::string mic_for = "alice";  // empty: EXCHANGE_COMPLETE instead
  std::size_t answers = 2;        // that come: RESPONSE, then the verdict
};

class GssapiLogin : public testing::Test {
 protected:
  GssapiLogin() {
    pair_.server->authenticator = authenticator_;
    pair_.server->gssapi = std::make_shared<BackwardsAcceptor>();
  }

  Task<> play(RawEnd& client, const Script& script) {
    client.send(Payload(msg::userauth_request, "alice", "ssh-connection", "gssapi-with-mic", std::uint32_t{2},
                        "other", script.mechanism));
    co_await client.receive(1);
    for (const auto& token : script.tokens) client.send(Payload(msg::userauth_gssapi_token, token));
    if (script.answers > 1 && script.mic_for.empty())
      client.send(Payload(msg::userauth_gssapi_exchange_complete));
    else if (script.answers > 1)
      client.send(Payload(msg::userauth_gssapi_mic, make_mic(client, script.mic_for)));
    co_await client.receive(script.answers);
  }

  // The numbers of the server's answers.
  std::vector<int> log_in(const Script& script) {
    std::vector<int> numbers;
    serve_raw(loop_, pair_, outcome_, [&](RawEnd& client) -> Task<> {
      co_await play(client, script);
      numbers = client.numbers();
    });
    return numbers;
  }

  Loop loop_;
  LoginPair pair_;
  LoginOutcome outcome_;
  std::shared_ptr<PrincipalAuthenticator> authenticator_ = std::make_shared<PrincipalAuthenticator>();
};

constexpr int failed = msg::userauth_failure, success = msg::userauth_success,
              chosen = msg::userauth_gssapi_response;

TEST_F(GssapiLogin, AMechanismAMicAndTheRightPrincipalLogIn) {
  EXPECT_THAT(log_in({.tokens = {"more", "i am alice@EXAMPLE"}}), ElementsAre(chosen, success));
  ASSERT_TRUE(outcome_.server);
  EXPECT_EQ(outcome_.server->login.method, "gssapi-with-mic");
  EXPECT_EQ(outcome_.server->login.user, "alice");
  EXPECT_THAT(authenticator_->asked, ElementsAre("alice is alice@EXAMPLE"));
}

TEST_F(GssapiLogin, AnotherPrincipalIsRefused) {
  EXPECT_THAT(log_in({.tokens = {"i am mallory@EXAMPLE"}}), ElementsAre(chosen, failed));
  EXPECT_THAT(authenticator_->asked, ElementsAre("alice is mallory@EXAMPLE"));
  EXPECT_FALSE(outcome_.server);
}

// UA-16: a MIC that was made for another user of the same session, or none at all.
TEST_F(GssapiLogin, WithoutTheRightMicNobodyIsAskedWhoItIs) {
  EXPECT_THAT(log_in({.tokens = {"i am alice@EXAMPLE"}, .mic_for = "root"}), ElementsAre(chosen, failed));
  EXPECT_THAT(log_in({.tokens = {"i am alice@EXAMPLE"}, .mic_for = ""}), ElementsAre(chosen, failed));
  EXPECT_THAT(authenticator_->asked, IsEmpty());
}

TEST_F(GssapiLogin, AMechanismThatFailsOrThrowsIsARefusal) {
  EXPECT_THAT(log_in({.tokens = {"nonsense"}, .mic_for = {}, .answers = 2}).front(), chosen);
  EXPECT_FALSE(outcome_.server);
  EXPECT_THAT(log_in({.tokens = {"crash"}, .mic_for = {}, .answers = 2}).front(), chosen);
  EXPECT_THAT(*pair_.events, Contains("auth_unavailable: mechanism down"));
  EXPECT_FALSE(outcome_.server);
}

TEST_F(GssapiLogin, AnUnknownMechanismIsARefusal) {
  EXPECT_THAT(log_in({.mechanism = "forwards", .tokens = {}, .answers = 1}), ElementsAre(failed));
}

TEST_F(GssapiLogin, WithoutAnAcceptorItIsNotOffered) {
  pair_.server->gssapi = nullptr;
  EXPECT_THAT(log_in({.tokens = {}, .answers = 1}), ElementsAre(failed));
  EXPECT_THAT(*pair_.events, Contains("auth_refused: gssapi-with-mic: method not offered"));
}

}  // namespace
}  // namespace fairlead::ssh::test
