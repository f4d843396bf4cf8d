// SPDX-License-Identifier: Apache-2.0
// A bounded pool of threads that compute crypt(3) hashes.
#include "auth/password_checker.hpp"

#include "auth/password_hash.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <utility>

namespace fairlead::auth {

namespace asio = boost::asio;

struct PasswordChecker::Impl {
  Impl(unsigned threads, std::size_t limit) : capacity(limit), pool(threads) {}

  const std::size_t capacity;
  std::atomic<std::size_t> pending{0};
  std::atomic<bool> closing{false};
  asio::thread_pool pool;

  Answer answer(const ssh::SecretBytes& password, const std::string& hash) {
    const bool skip = closing.load();  // what is queued at the end is answered without being looked at
    const bool right = !skip && password_matches(password, hash);
    --pending;
    return skip ? Answer::busy : right ? Answer::right : Answer::wrong;
  }
};

PasswordChecker::PasswordChecker(unsigned threads, std::size_t capacity)
    : impl_(std::make_unique<Impl>(threads, capacity)) {}

PasswordChecker::~PasswordChecker() {
  impl_->closing = true;
  impl_->pool.join();
}

ssh::Task<PasswordChecker::Answer> PasswordChecker::check(ssh::SecretBytes password, std::string hash) {
  if (impl_->pending.fetch_add(1) >= impl_->capacity) {
    --impl_->pending;
    co_return Answer::busy;
  }
  // The job owns what it needs: it may outlive this frame.
  auto start = [impl = impl_.get(), &password, &hash](auto handler) {
    auto home =
        asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked);
    auto job = [impl, home = std::move(home), handler = std::move(handler), secret = std::move(password),
                setting = std::move(hash)]() mutable {
      const Answer answer = impl->answer(secret, setting);
      asio::post(home, [handler = std::move(handler), answer]() mutable { std::move(handler)(answer); });
    };
    asio::post(impl->pool, std::move(job));
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(Answer)>(start,
                                                                                        asio::use_awaitable);
}

}  // namespace fairlead::auth
