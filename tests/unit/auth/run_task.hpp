// SPDX-License-Identifier: Apache-2.0
// Runs one coroutine to its end on an io_context of its own.
#pragma once

#include <fairlead/ssh/async.hpp>

#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace fairlead::test {

template <class T>
T run(ssh::Task<T> task) {
  boost::asio::io_context io{1};
  std::optional<T> result;
  auto finished = [&result](std::exception_ptr failure, T value) {
    if (failure) std::rethrow_exception(failure);
    result.emplace(std::move(value));
  };
  boost::asio::co_spawn(io, std::move(task), std::move(finished));
  io.run();
  return std::move(result).value();
}

}  // namespace fairlead::test
