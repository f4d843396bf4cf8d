// SPDX-License-Identifier: Apache-2.0
// The event loops: what one connection's handler throws does not end the others' (TH-7).
#include "daemon/cores.hpp"

#include <gmock/gmock.h>

#include <future>
#include <stdexcept>
#include <string>

namespace fairlead::daemon {
namespace {

TEST(Cores, GoOnAfterAHandlerHasThrown) {
  std::vector<std::string> told;
  Cores cores(1, [&](const std::exception& failure) {
    told.emplace_back(failure.what());
    if (told.size() == 2) throw std::bad_alloc();  // nor can it be told
  });
  for (const char* const text : {"one", "two"})
    asio::post(cores.first().io, [text] { throw std::runtime_error(text); });
  asio::post(cores.first().io, [&] { cores.stop(); });
  cores.run();
  EXPECT_THAT(told, testing::ElementsAre("one", "two"));
}

TEST(Cores, OnOtherThreadsToo) {
  Cores cores(2, [](const std::exception&) {});
  cores.start();
  std::promise<void> later;
  asio::post(cores.all()[1]->io, [] { throw std::runtime_error("mine"); });
  asio::post(cores.all()[1]->io, [&] { later.set_value(); });
  later.get_future().wait();
  cores.stop();
}

}  // namespace
}  // namespace fairlead::daemon
