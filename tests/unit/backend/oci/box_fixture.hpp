// SPDX-License-Identifier: Apache-2.0
// Boxes for tests: a state directory of their own, the demo image, and programs run over the agent's link.
#pragma once

#include "backend/oci/backend.hpp"
#include "config/config.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fairlead::test {

struct Ran {
  std::string out, err;
  std::optional<std::uint32_t> status;
  std::string signal;
};

// Keeps the log lines, and prints them when FAIRLEAD_TEST_LOG is set.
class KeptLog : public observe::LogSink {
 public:
  void write(observe::Level level, std::string_view code, std::string_view message,
             const std::vector<observe::Label>& labels) override;
  [[nodiscard]] bool has(std::string_view code) const;

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

// Alice's, from a documentation address to another.
[[nodiscard]] backend::Login alices_login(const config::Config& config, std::shared_ptr<KeptLog> log);

class BoxTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Makes a backend and prepares it; skips the test, visibly, where no runtime works.
  void prepare();
  [[nodiscard]] backend::Login login(const config::Config& config) const;
  [[nodiscard]] std::unique_ptr<backend::Box> launch();
  [[nodiscard]] std::unique_ptr<backend::Box> launch(const config::Config& config);
  [[nodiscard]] Ran run(backend::Box& box, const std::string& command);
  void remove(backend::Box& box);
  [[nodiscard]] std::string end_reason(backend::Box& box);

  // Shuts the backend down and drops it; what it left, which should be nothing.
  std::string end_of_backend();
  // What a box may leave anywhere: directories, journal entries, mounts, control groups, processes. Empty is
  // right.
  [[nodiscard]] std::string traces() const;

  boost::asio::io_context io_;
  std::filesystem::path state_;
  config::Config config_;
  std::shared_ptr<KeptLog> log_ = std::make_shared<KeptLog>();
  std::unique_ptr<backend::oci::OciBackend> backend_;
};

// One program of a box: opens a session, runs the command and collects what it says.
[[nodiscard]] ssh::Task<Ran> run_in(ssh::Connection connection, std::string command);

}  // namespace fairlead::test
