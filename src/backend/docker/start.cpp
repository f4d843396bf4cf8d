// SPDX-License-Identifier: Apache-2.0
// Starts a container and notices when it will never speak.
#include "backend/docker/start.hpp"

#include "backend/backend.hpp"

namespace fairlead::docker {

namespace asio = boost::asio;

Start::Start(Engine engine, std::string container, Deadline deadline, std::function<void()> on_failure)
    : engine_(std::move(engine)),
      container_(std::move(container)),
      deadline_(deadline),
      on_failure_(std::move(on_failure)) {}

void Start::begin(const asio::any_io_executor& executor) {
  answer_ = std::make_unique<ssh::Event>(executor);
  watching_ = std::make_unique<ssh::TaskScope>(executor);
  // Not in the scope: an engine that sees its client hang up may stop half-way.
  asio::co_spawn(executor, run(), [self = shared_from_this()](const std::exception_ptr& failure) {
    self->answered_ = true;
    self->answer_->notify();
    if (failure)
      self->fail(failure);
    else if (self->on_failure_)
      self->watching_->spawn(watch(self));
  });
}

void Start::settle() {
  on_failure_ = nullptr;
  if (watching_) watching_->cancel();
}

Task<> Start::run() {
  co_await engine_.start(container_, deadline_);
}

// The engine says when the container ends; nothing polls.
Task<> Start::watch(std::shared_ptr<Start> self) {
  std::exception_ptr failure;
  try {
    const auto code = co_await self->engine_.wait(self->container_, self->deadline_);
    failure = std::make_exception_ptr(
        backend::BackendError("the agent ended at once with status " + std::to_string(code),
                              "Your box ended as soon as it was started. Please tell the administrator."));
  } catch (const http::HttpError& error) {
    if (error.kind() == http::Failure::timeout)
      failure = std::make_exception_ptr(backend::BackendError(
          "the agent did not connect in time", "Your box did not start in time. Please try again later."));
    else
      failure = std::current_exception();
  } catch (...) {
    failure = std::current_exception();
  }
  self->fail(failure);
}

void Start::fail(std::exception_ptr failure) {
  auto notify = std::exchange(on_failure_, nullptr);
  if (!notify) return;
  failure_ = std::move(failure);
  notify();
}

Task<> Start::answered() {
  const auto self = shared_from_this();
  while (!self->answered_) co_await self->answer_->wait();
}

}  // namespace fairlead::docker
