// SPDX-License-Identifier: Apache-2.0
// A Docker engine that fails in every way a test asks for, and a backend on it.
#pragma once

#include "backend/journal.hpp"
#include "docker_stage.hpp"
#include "http/json.hpp"
#include "support/run_task.hpp"
#include "support/scripted_server.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

namespace fairlead::backend {

namespace json = boost::json;
using namespace std::chrono_literals;
using test::Peer;

// An engine with containers that never run anything. Calls can be overridden by their method and path without
// version.
class FakeEngine {
 public:
  using Handler = std::function<void(Peer&)>;

  void on(const std::string& call, Handler handler) {
    const std::lock_guard lock(mutex_);
    handlers_[call] = std::move(handler);
  }
  void add(const std::string& id, json::object labels) {
    const std::lock_guard lock(mutex_);
    containers_[id] = std::move(labels);
  }
  [[nodiscard]] std::set<std::string> containers() {
    const std::lock_guard lock(mutex_);
    std::set<std::string> ids;
    for (const auto& [id, labels] : containers_) ids.insert(id);
    return ids;
  }
  [[nodiscard]] std::vector<std::string> calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  // Of the last call of this name.
  [[nodiscard]] json::value body_of(const std::string& call) {
    const std::lock_guard lock(mutex_);
    return json::parse(bodies_.at(call));
  }
  [[nodiscard]] std::string url() const { return server_.url(); }

 private:
  void serve(Peer& peer) {
    for (std::string request; !(request = peer.read_request()).empty();) {
      const auto call = call_of(request);
      Handler handler;
      {
        const std::lock_guard lock(mutex_);
        if (call != "GET /_ping") calls_.push_back(call);
        bodies_[call] = request.substr(request.find("\r\n\r\n") + 4);
        if (const auto found = handlers_.find(call); found != handlers_.end()) handler = found->second;
      }
      if (handler)
        handler(peer);
      else
        answer(peer, call, request);
    }
  }

  // "POST /v1.41/containers/create?name=x HTTP/1.1…" as "POST /containers/create".
  static std::string call_of(const std::string& request) {
    auto line = request.substr(0, request.find(" HTTP/"));
    line = line.substr(0, line.find('?'));
    if (const auto version = line.find("/v1."); version != std::string::npos)
      line.erase(version, line.find('/', version + 1) - version);
    return line;
  }

  void answer(Peer& peer, const std::string& call, const std::string& request) {
    const std::lock_guard lock(mutex_);
    if (call == "GET /_ping") {
      peer.write("HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 0\r\n\r\n");
    } else if (call == "POST /containers/create") {
      const auto body = json::parse(request.substr(request.find("\r\n\r\n") + 4));
      const auto id = "made" + std::to_string(++made_);
      containers_[id] = body.at("Labels").as_object();
      peer.answer(201, R"({"Id":")" + id + "\"}");
    } else if (call == "GET /containers/json") {
      json::array list;
      for (const auto& [id, labels] : containers_)
        if (fits(request, labels)) list.push_back({{"Id", id}, {"Labels", labels}});
      peer.answer(200, json::serialize(list));
    } else if (call.starts_with("DELETE /containers/")) {
      const bool there = containers_.erase(call.substr(19)) > 0;
      peer.answer(there ? 204 : 404, "");
    } else if (call.starts_with("GET /images/")) {
      peer.answer(200, R"({"Config":{}})");
    } else {
      peer.answer(200, "{}");
    }
  }

  // Filters are percent-encoded JSON: every label of them must be one of the container's.
  static bool fits(const std::string& request, const json::object& labels) {
    const auto start = request.find("filters=") + 8;
    const auto filters = request.substr(start, request.find(' ', start) - start);
    std::size_t wanted = 0;
    std::size_t found = 0;
    for (std::size_t at = 0; (at = filters.find("%3D", at)) != std::string::npos; ++at) ++wanted;
    for (const auto& [name, value] : labels)
      if (filters.find(std::string(name) + "%3D" + std::string(value.as_string()) + "%22") !=
          std::string::npos)
        ++found;
    return wanted == found;
  }

  std::mutex mutex_;
  std::map<std::string, Handler> handlers_;
  std::map<std::string, json::object> containers_;
  std::vector<std::string> calls_;
  std::map<std::string, std::string> bodies_;
  int made_ = 0;
  test::ScriptedServer server_{[this](Peer& peer) { serve(peer); }};
};

class OnFakeEngine : public testing::Test, protected DockerStage {
 protected:
  void SetUp() override {
    make_state("failure");
    config_.agent_path = "/bin/true";  // any program will do: it never runs
    config_.docker.host = engine_.url();
    config_.docker.container["Image"] = "x";
    config_.docker.http = 2s;
    config_.docker.container_start = 2s;
    config_.docker.container_stop = 2s;
  }

  void TearDown() override { backend_.reset(); }  // before the loop it runs on

  BackendError launch_failure() {
    try {
      (void)test::run_task(io_, backend().launch(login()));
    } catch (const BackendError& error) {
      return error;
    }
    throw std::logic_error("the launch did not fail");
  }
  // Of a container that this backend left behind.
  json::object labels_of(const std::string& box) {
    std::string owner;
    std::ifstream(state_ / "docker" / "failure" / "owner") >> owner;
    return {{"fairlead_instance", "failure"}, {"fairlead_owner", owner}, {"fairlead_box", box}};
  }
  std::size_t box_directories() {
    const auto boxes = fs::directory_iterator(state_ / "docker" / "failure" / "boxes");
    return static_cast<std::size_t>(std::distance(begin(boxes), end(boxes)));
  }
  bool eventually(const std::function<bool()>& done) { return test::run_until(io_, done); }
  void expect_nothing_left() {
    EXPECT_EQ(journal_entries(), 0U);
    EXPECT_EQ(box_directories(), 0U);
    EXPECT_TRUE(engine_.containers().empty());
  }

  FakeEngine engine_;
  boost::asio::io_context io_{1};
};

}  // namespace fairlead::backend
