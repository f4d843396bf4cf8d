// SPDX-License-Identifier: Apache-2.0
// The helper thread of an io_context, started with the first RSA signature.
#include "ssh/signing.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/thread_pool.hpp>

#include <optional>
#include <utility>

namespace fairlead::ssh {
namespace {

// A service of the context, so that the thread is joined before anything that its jobs touch is destroyed.
class Helper final : public asio::execution_context::service {
 public:
  static inline asio::execution_context::id id;
  explicit Helper(asio::execution_context& context) : service(context) {}

  [[nodiscard]] asio::thread_pool& pool() {
    if (!pool_) pool_.emplace(1);
    return *pool_;
  }

 private:
  void shutdown() override {
    if (!pool_) return;
    pool_->stop();
    pool_->join();
    pool_.reset();
  }

  std::optional<asio::thread_pool> pool_;
};

bool is_slow(const PrivateKey& key) {
  return key.public_key().type() == "ssh-rsa";
}

}  // namespace

Task<Result<std::vector<std::byte>>> sign_aside(PrivateKey key, std::string algorithm,
                                                std::vector<std::byte> data) {
  if (!is_slow(key)) co_return key.sign(algorithm, data);

  const auto executor = co_await asio::this_coro::executor;
  auto& helper = asio::use_service<Helper>(asio::query(executor, asio::execution::context));
  std::optional<Result<std::vector<std::byte>>> signature;
  auto start = [&](auto handler) {
    auto job = [&, waiting = std::move(handler), work = asio::make_work_guard(executor)]() mutable {
      signature = key.sign(algorithm, data);
      asio::post(work.get_executor(), std::move(waiting));
    };
    asio::post(helper.pool(), std::move(job));
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(start, asio::use_awaitable);
  co_return std::move(*signature);
}

}  // namespace fairlead::ssh
