// SPDX-License-Identifier: Apache-2.0
// Hashing happens elsewhere, in bounds, and ends cleanly.
#include "auth/password_checker.hpp"

#include "run_task.hpp"
#include "sample_hashes.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include <thread>

namespace fairlead::auth {
namespace {

namespace asio = boost::asio;
using Answer = PasswordChecker::Answer;

TEST(PasswordChecker, TellsRightFromWrong) {
  PasswordChecker checker(2);
  EXPECT_EQ(test::run(checker.check(ssh::to_secret("correct horse"), test::yescrypt)), Answer::right);
  EXPECT_EQ(test::run(checker.check(ssh::to_secret("battery staple"), test::yescrypt)), Answer::wrong);
}

// Where the answer arrives.
ssh::Task<std::thread::id> thread_after_check(PasswordChecker& checker) {
  co_await checker.check(ssh::to_secret("x"), test::yescrypt);
  co_return std::this_thread::get_id();
}

TEST(PasswordChecker, AnswersOnTheCallersThread) {
  PasswordChecker checker(1);
  EXPECT_EQ(test::run(thread_after_check(checker)), std::this_thread::get_id());
}

ssh::Task<> count_answers(PasswordChecker& checker, int& busy, int& right) {
  const Answer answer = co_await checker.check(ssh::to_secret("correct horse"), test::bcrypt);
  busy += answer == Answer::busy;
  right += answer == Answer::right;
}

TEST(PasswordChecker, MoreThanItsCapacityIsRefusedAtOnce) {
  PasswordChecker checker(1, 3);
  asio::io_context io{1};
  int busy = 0, right = 0;
  for (int i = 0; i < 10; ++i) asio::co_spawn(io, count_answers(checker, busy, right), asio::detached);
  io.run();
  EXPECT_EQ(busy, 7);
  EXPECT_EQ(right, 3);
  EXPECT_EQ(test::run(checker.check(ssh::to_secret("correct horse"), test::yescrypt)), Answer::right)
      << "places are given back";
}

TEST(PasswordChecker, DestructionAnswersWhatWaitsWithoutHashing) {
  asio::io_context io{1};
  int busy = 0, right = 0;
  {
    PasswordChecker checker(1);
    for (int i = 0; i < 50; ++i) asio::co_spawn(io, count_answers(checker, busy, right), asio::detached);
    io.poll();  // all are started
  }
  io.run();
  EXPECT_EQ(busy + right, 50);
  EXPECT_GE(busy, 45);
}

TEST(PasswordChecker, ServesManyThreads) {
  PasswordChecker checker(2);
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 5; ++j)
        right += test::run(checker.check(ssh::to_secret("correct horse"), test::yescrypt)) == Answer::right;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 20);
}

}  // namespace
}  // namespace fairlead::auth
