// SPDX-License-Identifier: Apache-2.0
// Attempts at a server that answers as it likes.
#include "webhook/target.hpp"

#include "support/run_task.hpp"
#include "unit/http/running_server.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace fairlead::webhook {
namespace {

using namespace std::chrono_literals;

class TargetTest : public testing::Test {
 protected:
  ssh::Task<http::Response> answer(http::Request request) {
    const unsigned number = ++requests_;
    last_target_ = request.target;
    http::Response response;
    if (number <= failures_) {
      response = failure_;
    } else {
      response.status = 200;
      response.body = R"({"success":true})";
    }
    co_return response;
  }
  std::shared_ptr<Target> target(Clock::duration budget = 5s, const std::string& path = "") {
    config::HttpClient block;
    block.url = "http://127.0.0.1:" + std::to_string(server_.port()) + path;
    return Target::make(block, password_kind, budget).value();
  }
  std::expected<Answer, Failure> ask(std::shared_ptr<Target> target) {
    return test::run_task(io_, target->ask(Body(std::string("{}")), {}));
  }

  std::atomic<unsigned> requests_ = 0;
  unsigned failures_ = 0;
  http::Response failure_;
  std::string last_target_;
  http::RunningServer server_{{}, [this](http::Request request) { return answer(std::move(request)); }};
  boost::asio::io_context io_{1};
};

TEST_F(TargetTest, TriesAgainUntilTheServerIsWell) {
  failures_ = 2;
  failure_.status = 500;
  const auto answer = ask(target());
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->success);
  EXPECT_EQ(requests_, 3U);
}

TEST_F(TargetTest, GivesUpEarlyOnWhatLooksLikeAMistake) {
  failures_ = 100;
  for (const unsigned status : {302U, 200U}) {
    requests_ = 0;
    failure_.status = status;
    failure_.body = "[]";
    const auto answer = ask(target());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().reason,
              status == 302 ? "HTTP_CLIENT_REDIRECTS_DISABLED" : "HTTP_CLIENT_DECODE_FAILED");
    EXPECT_EQ(requests_, 3U) << status;
  }
}

TEST_F(TargetTest, WhatTheServerHasUnderstoodAndDoesNotWantIsAskedOnce) {
  failures_ = 100;
  failure_.body = R"({"success":true})";
  for (const unsigned status : {400U, 401U, 403U, 404U, 405U, 410U, 413U, 422U, 451U, 499U}) {
    requests_ = 0;
    failure_.status = status;
    const auto answer = ask(target());
    ASSERT_FALSE(answer) << status;
    EXPECT_EQ(answer.error().reason, "AUTH_INVALID_STATUS");
    EXPECT_EQ(requests_, 1U) << status;
  }
}

TEST_F(TargetTest, WhatAsksForPatienceIsAskedAgain) {
  failures_ = 1;
  for (const unsigned status : {408U, 425U, 429U, 500U, 502U, 503U, 504U, 599U, 201U}) {
    requests_ = 0;
    failure_.status = status;
    EXPECT_TRUE(ask(target())) << status;
    EXPECT_EQ(requests_, 2U) << status;
  }
}

TEST_F(TargetTest, EndsWithinItsBudget) {
  failures_ = 100;
  failure_.status = 503;
  const auto begin = Clock::now();
  const auto answer = ask(target(600ms));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason, "HTTP_CLIENT_DECODE_FAILED") << "an empty body is no JSON";
  EXPECT_GE(requests_, 2U);
  EXPECT_LT(Clock::now() - begin, 700ms);
}

TEST_F(TargetTest, ThePathIsAppendedAsItIs) {
  ASSERT_TRUE(ask(target()));
  EXPECT_EQ(last_target_, "/password");
  ASSERT_TRUE(ask(target(5s, "/")));
  EXPECT_EQ(last_target_, "//password") << "ContainerSSH's rule: plain concatenation";
  ASSERT_TRUE(ask(target(5s, "/prefix")));
  EXPECT_EQ(last_target_, "/prefix/password");
}

TEST_F(TargetTest, CancellationEndsThePauseAndIsNoFailure) {
  failures_ = 100;
  failure_.status = 500;
  const auto asked = target(1h);
  boost::asio::cancellation_signal stop;
  std::exception_ptr ended;
  boost::asio::co_spawn(
      io_, asked->ask(Body(std::string("{}")), {}),
      boost::asio::bind_cancellation_slot(
          stop.slot(), [&](std::exception_ptr failure, std::expected<Answer, Failure>) { ended = failure; }));
  while (requests_ == 0) io_.run_one_for(1s);
  stop.emit(boost::asio::cancellation_type::terminal);
  io_.run_for(2s);
  ASSERT_TRUE(ended);
  EXPECT_THROW(std::rethrow_exception(ended), boost::system::system_error);
  EXPECT_EQ(requests_, 1U);
}

TEST(Target, SettingsThatMeanNothingAreTold) {
  config::HttpClient block;
  block.url = "ftp://host";
  EXPECT_FALSE(Target::make(block, password_kind, 1s));
  block.url = "https://host";
  block.cacert = "/nonexistent";
  EXPECT_THAT(Target::make(block, password_kind, 1s).error(), testing::HasSubstr("cacert"));
}

}  // namespace
}  // namespace fairlead::webhook
