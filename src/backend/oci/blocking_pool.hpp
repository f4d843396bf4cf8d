// SPDX-License-Identifier: Apache-2.0
// Threads for what blocks: a coroutine awaits the result on its own executor.
#pragma once

#include <fairlead/ssh/async.hpp>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace fairlead::backend::oci {

// Work that was begun is always finished: cancelling the awaiting coroutine does not stop it, so `work` owns
// what it touches.
class BlockingPool {
 public:
  explicit BlockingPool(std::size_t threads) : pool_(threads) {}
  // Waits for everything that was posted.
  ~BlockingPool() { pool_.join(); }
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  void post(std::function<void()> work) { ssh::asio::post(pool_, std::move(work)); }

  // Result or exception of `work`, on the executor of the caller.
  template <class Work>
  [[nodiscard]] ssh::Task<std::invoke_result_t<Work>> run(Work work) {
    namespace asio = ssh::asio;
    using Result = std::invoke_result_t<Work>;
    using Kept = std::conditional_t<std::is_void_v<Result>, char, Result>;
    struct State {
      explicit State(Work w) : work(std::move(w)) {}
      Work work;
      std::optional<Kept> result;
      std::exception_ptr failure;
    };
    auto state = std::make_shared<State>(std::move(work));
    auto initiate = [this, state](auto handler) {
      auto executor =
          asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked);
      asio::any_completion_handler<void()> done(std::move(handler));
      auto job = [state, executor = std::move(executor), done = std::move(done)]() mutable {
        try {
          if constexpr (std::is_void_v<Result>) {
            state->work();
            state->result.emplace();
          } else {
            state->result.emplace(state->work());
          }
        } catch (...) {
          state->failure = std::current_exception();
        }
        asio::post(executor, std::move(done));
      };
      asio::post(pool_, std::move(job));
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(initiate, asio::use_awaitable);
    if (state->failure) std::rethrow_exception(state->failure);
    if constexpr (!std::is_void_v<Result>) co_return std::move(*state->result);
  }

 private:
  ssh::asio::thread_pool pool_;
};

}  // namespace fairlead::backend::oci
