// SPDX-License-Identifier: Apache-2.0
// The Engine API client against an engine that answers as a test says.
#include "backend/docker/engine.hpp"

#include "backend/docker/failure.hpp"
#include "backend/docker/registry_header.hpp"
#include "support/run_task.hpp"
#include "support/scripted_server.hpp"

#include <gtest/gtest.h>

namespace fairlead::docker {
namespace {

using namespace std::chrono_literals;
using test::Peer;
using test::ScriptedServer;

// Answers pings; the rest is up to `rest`, which gets the whole request.
ScriptedServer::Script engine_script(std::function<void(Peer&, const std::string&)> rest,
                                     const char* version = "1.41") {
  return [rest = std::move(rest), version](Peer& peer) {
    for (std::string request; !(request = peer.read_request()).empty();) {
      if (request.starts_with("GET /_ping "))
        peer.write(std::string("HTTP/1.1 200 OK\r\nApi-Version: ") + version +
                   "\r\nContent-Length: 2\r\n\r\nOK");
      else
        rest(peer, request);
    }
  };
}

class EngineClient : public testing::Test {
 protected:
  template <class T>
  auto run(Task<T> task) {
    return test::run_task(io_, std::move(task));
  }
  static Engine engine_of(const ScriptedServer& server) {
    return Engine(http::Client(http::Endpoint::parse(server.url())));
  }
  static Deadline soon() { return in(5s); }

  // The exception of a task that must fail.
  template <class T>
  std::exception_ptr failure(Task<T> task) {
    try {
      test::run_task(io_, std::move(task));
    } catch (...) {
      return std::current_exception();
    }
    ADD_FAILURE() << "it did not fail";
    return std::make_exception_ptr(std::runtime_error("none"));
  }

  boost::asio::io_context io_{1};
};

TEST_F(EngineClient, NegotiatesTheVersionOnceAndTakesTheOlder) {
  std::atomic<int> pings = 0;
  ScriptedServer server([&](Peer& peer) {
    for (std::string request; !(request = peer.read_request()).empty();) {
      if (request.starts_with("GET /_ping ")) {
        ++pings;
        peer.write("HTTP/1.1 200 OK\r\nApi-Version: 1.30\r\nContent-Length: 0\r\n\r\n");
      } else {
        EXPECT_TRUE(request.starts_with("POST /v1.30/containers/abc/start ")) << request;
        peer.write("HTTP/1.1 204 No Content\r\n\r\n");
      }
    }
  });
  const auto engine = engine_of(server);
  for (int i = 0; i < 3; ++i) run(engine.start("abc", soon()));
  EXPECT_EQ(pings, 1);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(EngineClient, NewestVersionWeKnowIsOurs) {
  ScriptedServer server(engine_script(
      [](Peer& peer, const std::string& request) {
        EXPECT_TRUE(request.starts_with("POST /v1.47/")) << request;
        peer.write("HTTP/1.1 204 No Content\r\n\r\n");
      },
      "1.99"));
  run(engine_of(server).start("abc", soon()));
}

TEST_F(EngineClient, WhatIsNoEngineIsRefused) {
  for (const char* version : {"", "1.23", "2.0", "1.x", "1.41\tx"}) {
    ScriptedServer server(engine_script([](Peer&, const std::string&) { FAIL(); }, version));
    const auto error = explain(failure(engine_of(server).negotiate(soon())), "use the container engine");
    EXPECT_NE(std::string(error.what()).find("is no container engine we can use"), std::string::npos)
        << error.what();
  }
}

TEST_F(EngineClient, CreateSendsNameAndPlatformAndGivesTheId) {
  ScriptedServer server(engine_script([](Peer& peer, const std::string& request) {
    EXPECT_TRUE(request.starts_with("POST /v1.41/containers/create?name=a%2Fb&platform=linux%2Farm64 "))
        << request;
    EXPECT_TRUE(request.ends_with("\r\n\r\n{\"Image\":\"x\"}")) << request;
    peer.answer(201, R"({"Id":"cafe","Warnings":[]})");
  }));
  NewContainer container;
  container.name = "a/b";
  container.platform = "linux/arm64";
  container.body = {{"Image", "x"}};
  EXPECT_EQ(run(engine_of(server).create(container, soon())), "cafe");
}

TEST_F(EngineClient, ErrorsCarryTheEnginesWords) {
  struct Case {
    unsigned status;
    const char *body, *what, *user_text;
  };
  for (const Case& c :
       {Case{404, R"({"message":"No such image: x:latest"})",
             "cannot start a box: POST /containers/create: 404 No such image: x:latest",
             "The image of your box is not available. Please tell the administrator."},
        Case{500, R"({"message":"write /var: no space left on device"})",
             "cannot start a box: POST /containers/create: 500 write /var: no space left on device",
             "The server's disk is full. Please tell the administrator."},
        Case{500, "plain words", "cannot start a box: POST /containers/create: 500 plain words",
             "Your box could not be started. Please tell the administrator."}}) {
    ScriptedServer server(
        engine_script([&](Peer& peer, const std::string&) { peer.answer(c.status, c.body); }));
    const auto caught = failure(engine_of(server).create(NewContainer{}, soon()));
    EXPECT_TRUE(engine_answered(caught));
    const auto error = explain(caught, "start a box");
    EXPECT_STREQ(error.what(), c.what);
    EXPECT_EQ(error.user_text(), c.user_text);
  }
}

TEST_F(EngineClient, AMessageOfAnySizeIsCut) {
  ScriptedServer server(
      engine_script([](Peer& peer, const std::string&) { peer.answer(500, std::string(1'000'000, 'x')); }));
  const auto error = explain(failure(engine_of(server).start("a", soon())), "start a box");
  EXPECT_LT(std::string(error.what()).size(), 1000U);
}

TEST_F(EngineClient, HalfAnswersAreErrors) {
  for (const char* body : {R"({"Id":"caf)", "", "[]", R"({"Id":7})", R"({"Warnings":[]})"}) {
    ScriptedServer server(engine_script([&](Peer& peer, const std::string&) { peer.answer(201, body); }));
    EXPECT_THROW((void)run(engine_of(server).create(NewContainer{}, soon())), http::HttpError) << body;
  }
  ScriptedServer cut(engine_script([](Peer& peer, const std::string&) {
    peer.write("HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"Id\":");
    peer.hang_up();
  }));
  EXPECT_THROW((void)run(engine_of(cut).create(NewContainer{}, soon())), http::HttpError);
}

TEST_F(EngineClient, AHungEngineMeetsTheDeadline) {
  ScriptedServer server([](Peer& peer) { peer.wait_for_end(); });
  const auto caught = failure(engine_of(server).start("abc", in(100ms)));
  EXPECT_FALSE(engine_answered(caught));
  EXPECT_EQ(explain(caught, "start a box").user_text(),
            "The container engine does not answer in time. Please try again later.");
}

TEST_F(EngineClient, AnAbsentEngineIsNamed) {
  const Engine engine(http::Client(http::Endpoint::parse("unix:///nonexistent/docker.sock")));
  const auto error = explain(failure(engine.start("abc", soon())), "start a box");
  EXPECT_STREQ(error.what(),
               "cannot start a box: connect /nonexistent/docker.sock: No such file or directory");
  EXPECT_EQ(error.user_text(),
            "The container engine is not running. Please try again later, or tell the administrator.");
}

TEST_F(EngineClient, RemovingWhatIsNotThereIsNoError) {
  ScriptedServer server(engine_script([](Peer& peer, const std::string& request) {
    EXPECT_TRUE(request.starts_with("DELETE /v1.41/containers/abc?force=1&v=1 ")) << request;
    peer.answer(404, R"({"message":"No such container: abc"})");
  }));
  run(engine_of(server).remove("abc", soon()));
}

// Podman's words when the agent ends, because its link has, while it is to be removed.
TEST_F(EngineClient, WhatEndsByItselfIsRemovedAMomentLater) {
  int removals = 0;
  int refused = 2;
  ScriptedServer server(engine_script([&](Peer& peer, const std::string&) {
    if (++removals <= refused)
      peer.answer(500,
                  R"({"message":"sending SIGKILL to container abc: container state improper: stopped"})");
    else
      peer.answer(204, "");
  }));
  const auto engine = engine_of(server);
  run(engine.remove("abc", soon()));
  EXPECT_EQ(removals, 3);
  refused = 1000;
  const auto error = explain(failure(engine.remove("abc", soon())), "remove");
  EXPECT_NE(std::string(error.what()).find("container state improper"), std::string::npos) << error.what();
  EXPECT_LT(removals, 20) << "not for ever";
}

TEST_F(EngineClient, ListAsksByLabelAndReadsOnlyWhatFits) {
  ScriptedServer server(engine_script([](Peer& peer, const std::string& request) {
    EXPECT_TRUE(request.starts_with(
        "GET /v1.41/containers/json?all=1&filters=%7B%22label%22%3A%5B%22a%3Db%22%2C%22c%3Dd%22%5D%7D "))
        << request;
    peer.answer(200, R"([{"Id":"one","Labels":{"a":"b","n":7}},{"Id":"two","Labels":null}])");
  }));
  const auto found = run(engine_of(server).list({"a=b", "c=d"}, soon()));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].id, "one");
  EXPECT_EQ(found[0].labels, (std::map<std::string, std::string>{{"a", "b"}}));
  EXPECT_TRUE(found[1].labels.empty());
}

TEST_F(EngineClient, InspectReadsTheState) {
  ScriptedServer server(engine_script([](Peer& peer, const std::string& request) {
    if (request.starts_with("GET /v1.41/containers/gone/json"))
      peer.answer(404, "{}");
    else
      peer.answer(200, R"({"State":{"Running":false,"OOMKilled":true,"ExitCode":137}})");
  }));
  const auto engine = engine_of(server);
  const auto state = run(engine.inspect("abc", soon()));
  ASSERT_TRUE(state);
  EXPECT_FALSE(state->running);
  EXPECT_TRUE(state->out_of_memory);
  EXPECT_EQ(state->exit_code, 137);
  EXPECT_FALSE(run(engine.inspect("gone", soon())));
}

TEST_F(EngineClient, PullReadsToTheEnd) {
  ScriptedServer server(engine_script([](Peer& peer, const std::string& request) {
    EXPECT_TRUE(
        request.starts_with("POST /v1.41/images/create?fromImage=docker.io%2Flibrary%2Fbusybox&tag=latest "))
        << request;
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 1000; ++i) peer.write("14\r\n{\"status\":\"working\"}\r\n1\r\n\n\r\n");
    peer.write("0\r\n\r\n");
  }));
  run(engine_of(server).pull("busybox", soon()));
}

TEST_F(EngineClient, PullCarriesTheCredentialsOfTheRegistry) {
  std::string request_head;
  ScriptedServer server(engine_script([&](Peer& peer, const std::string& request) {
    request_head = request;
    peer.answer(200, "{}");
  }));
  config::RegistryAuth auth;
  auth.username = "bob";
  auth.password = "\xff>?";  // where the two alphabets of base64 differ
  EXPECT_EQ(registry_header({}), "");
  const auto header = registry_header(auth);
  EXPECT_EQ(header.find_first_of("+/"), std::string::npos) << header;
  run(engine_of(server).pull("private/x", soon(), header));
  EXPECT_NE(request_head.find("X-Registry-Auth: " + header + "\r\n"), std::string::npos) << request_head;

  config::RegistryAuth login_file;
  login_file.auth = "Ym9iOnNlY3JldA==";  // bob:secret
  config::RegistryAuth spelled_out;
  spelled_out.username = "bob";
  spelled_out.password = "secret";
  EXPECT_EQ(registry_header(login_file), registry_header(spelled_out));
  config::RegistryAuth token;
  token.identity_token = "t";
  EXPECT_EQ(registry_header(token), "eyJpZGVudGl0eXRva2VuIjoidCJ9");
}

TEST_F(EngineClient, ErrorsInsideThePullsStreamAreNoticed) {
  for (const char* last : {"\n", ""}) {
    ScriptedServer server(engine_script([&](Peer& peer, const std::string&) {
      peer.answer(200,
                  std::string("{\"status\":\"Pulling\"}\r\n{\"errorDetail\":{\"message\":\"unauthorized\"},"
                              "\"error\":\"unauthorized: login first\"}") +
                      last);
    }));
    const auto error = explain(failure(engine_of(server).pull("private/x", soon())), "start a box");
    EXPECT_STREQ(error.what(), "cannot start a box: pull of private/x: unauthorized: login first");
    EXPECT_EQ(error.user_text(), "The image of your box is not available. Please tell the administrator.");
  }
}

TEST_F(EngineClient, APullsStreamThatIsCutOrHasNoLinesIsAnError) {
  ScriptedServer cut(engine_script([](Peer& peer, const std::string&) {
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"status\":\"Pul");
    peer.hang_up();
  }));
  EXPECT_FALSE(engine_answered(failure(engine_of(cut).pull("x", soon()))));
  ScriptedServer endless(
      engine_script([](Peer& peer, const std::string&) { peer.answer(200, std::string(1'000'000, 'x')); }));
  EXPECT_EQ(explain(failure(engine_of(endless).pull("x", soon())), "pull").what(),
            std::string("cannot pull: a line of the engine's progress report is too long"));
}

TEST_F(EngineClient, RefusedPullCarriesTheWords) {
  ScriptedServer server(engine_script([](Peer& peer, const std::string&) {
    peer.answer(404, R"({"message":"repository does not exist"})");
  }));
  EXPECT_STREQ(explain(failure(engine_of(server).pull("x", soon())), "pull").what(),
               "cannot pull: POST /images/create: 404 repository does not exist");
}

TEST_F(EngineClient, RefusedAttachIsAnError) {
  ScriptedServer server(engine_script(
      [](Peer& peer, const std::string&) { peer.answer(404, R"({"message":"No such container: abc"})"); }));
  EXPECT_STREQ(explain(failure(engine_of(server).attach("abc", soon())), "attach").what(),
               "cannot attach: POST /containers/abc/attach: 404 No such container: abc");
}

TEST_F(EngineClient, ImageReferencesKeepTheirSlashes) {
  ScriptedServer server(engine_script([](Peer& peer, const std::string& request) {
    EXPECT_TRUE(request.starts_with("GET /v1.41/images/reg%3A5000/a/b%3A1/json ")) << request;
    peer.answer(200, R"({"Config":{"WorkingDir":"/srv"}})");
  }));
  const auto facts = run(engine_of(server).inspect_image("reg:5000/a/b:1", soon()));
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->working_directory, "/srv");
}

}  // namespace
}  // namespace fairlead::docker
