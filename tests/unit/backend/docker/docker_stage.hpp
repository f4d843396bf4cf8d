// SPDX-License-Identifier: Apache-2.0
// A Docker backend with a state directory of its own, for a login of alice's.
#pragma once

#include "backend/docker/docker.hpp"
#include "unit/backend/oci/box_fixture.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

namespace fairlead::backend {

namespace fs = std::filesystem;

// The test that has the loop drops the backend before it.
class DockerStage {
 protected:
  ~DockerStage() {
    if (!state_.empty()) fs::remove_all(state_);
  }

  void make_state(const std::string& instance) {
    std::string name = (fs::temp_directory_path() / "fairlead-docker-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    state_ = name;
    config_.state_directory = name;
    config_.instance = instance;
  }
  Backend& backend() {
    if (!backend_) backend_ = make_docker_backend(config_, observe::Log(log_, observe::Level::debug));
    return *backend_;
  }
  Login login() { return test::alices_login(config_, log_); }
  std::size_t journal_entries() {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(state_ / "journal" / config_.instance))
      count += entry.path().extension() == ".json";
    return count;
  }

  fs::path state_;
  config::Config config_;
  std::shared_ptr<test::KeptLog> log_ = std::make_shared<test::KeptLog>();
  std::unique_ptr<Backend> backend_;
};

}  // namespace fairlead::backend
