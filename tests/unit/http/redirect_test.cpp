// SPDX-License-Identifier: Apache-2.0
// Redirects: how many, what is repeated, and what never leaves for another place.
#include "http/client.hpp"
#include "support/run_task.hpp"
#include "support/scripted_server.hpp"

#include <gtest/gtest.h>

namespace fairlead::http {
namespace {

using test::Peer;
using test::ScriptedServer;
using Listen = ScriptedServer::Listen;

std::string redirect(unsigned status, const std::string& location) {
  return "HTTP/1.1 " + std::to_string(status) + " Moved\r\nLocation: " + location +
         "\r\nContent-Length: 5\r\n\r\nmoved";
}

// Sends each request to the place that its status and its number say, and keeps what arrived.
class Redirector {
 public:
  Redirector(unsigned status, std::vector<std::string> locations)
      : status_(status), locations_(std::move(locations)) {}

  [[nodiscard]] std::string url() const { return server_.url(); }
  [[nodiscard]] int connections() const { return server_.connections(); }
  std::vector<std::string> requests() {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }

 private:
  void serve(Peer& peer) {
    for (std::string request; !(request = peer.read_request()).empty();) {
      std::size_t number = 0;
      {
        const std::scoped_lock lock(mutex_);
        number = requests_.size();
        requests_.push_back(request);
      }
      if (number < locations_.size())
        peer.write(redirect(status_, locations_[number]));
      else
        peer.answer(200, "arrived");
    }
  }

  unsigned status_;
  std::vector<std::string> locations_;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  ScriptedServer server_{[this](Peer& peer) { serve(peer); }, Listen::loopback};
};

Response post(const std::string& url, unsigned redirects) {
  boost::asio::io_context io{1};
  const Client client(Endpoint::parse(url));
  Request request{.method = "POST",
                  .target = "/password",
                  .headers = {{"X-Caller", "me"}},
                  .body = R"({"passwordBase64":"c2VjcmV0"})",
                  .redirects = redirects};
  return test::run_task(io, client.send(std::move(request)));
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(HttpRedirect, IsAnAnswerUnlessItMayBeFollowed) {
  Redirector server(302, {"/elsewhere"});
  const auto answer = post(server.url(), 0);
  EXPECT_EQ(answer.status, 302U);
  EXPECT_EQ(answer.header("Location"), "/elsewhere");
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(HttpRedirect, MovedPostsBecomeGetsWithoutTheirBody) {
  for (const unsigned status : {301U, 302U, 303U}) {
    Redirector server(status, {"/elsewhere?x=1"});
    EXPECT_EQ(post(server.url() + "/base", 1).body, "arrived");
    const auto requests = server.requests();
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_TRUE(requests[0].starts_with("POST /base/password HTTP/1.1\r\n")) << requests[0];
    EXPECT_TRUE(requests[1].starts_with("GET /elsewhere?x=1 HTTP/1.1\r\n")) << requests[1];
    EXPECT_FALSE(has(requests[1], "passwordBase64")) << status;
    EXPECT_FALSE(has(requests[1], "Content-")) << status;
    EXPECT_EQ(server.connections(), 1) << "the same origin is asked on the same connection";
  }
}

TEST(HttpRedirect, TemporaryAndPermanentOnesRepeatThePost) {
  for (const unsigned status : {307U, 308U}) {
    Redirector server(status, {"other"});
    EXPECT_EQ(post(server.url() + "/base", 1).body, "arrived");
    const auto requests = server.requests();
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_TRUE(requests[1].starts_with("POST /base/other HTTP/1.1\r\n")) << requests[1];
    EXPECT_TRUE(has(requests[1], "\r\nX-Caller: me\r\n"));
    EXPECT_TRUE(has(requests[1], "passwordBase64"));
  }
}

TEST(HttpRedirect, NoMoreThanAllowedAreFollowed) {
  Redirector server(307, std::vector<std::string>(20, "/again"));
  EXPECT_EQ(post(server.url(), 10).status, 307U);
  EXPECT_EQ(server.requests().size(), 11U);
}

TEST(HttpRedirect, AnotherOriginDoesNotGetTheCallersHeaders) {
  Redirector target(200, {});
  Redirector server(308, {target.url() + "/there"});
  EXPECT_EQ(post(server.url(), 3).body, "arrived");
  const auto requests = target.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_TRUE(requests[0].starts_with("POST /there HTTP/1.1\r\n")) << requests[0];
  EXPECT_FALSE(has(requests[0], "X-Caller"));
}

TEST(HttpRedirect, PlacesThatMeanNothingAreErrors) {
  for (const char* place : {"ftp://127.0.0.1/", "http://", "http://user:password@127.0.0.1/", "unix:///run/x",
                            "http://127.0.0.1:99999/", "/a b", "javascript:alert(1)"}) {
    Redirector server(307, {place});
    try {
      (void)post(server.url(), 3);
      FAIL() << place;
    } catch (const HttpError& error) {
      EXPECT_EQ(error.kind(), Failure::protocol) << place << ": " << error.what();
    }
  }
}

TEST(HttpRedirect, WithoutAPlaceIsTheAnswer) {
  ScriptedServer server([](Peer& peer) {
    (void)peer.read_request();
    peer.answer(302, "nowhere");
  });
  boost::asio::io_context io{1};
  const Client client(Endpoint::parse(server.url()));
  Request request{.target = "/", .redirects = 5};
  EXPECT_EQ(test::run_task(io, client.send(std::move(request))).body, "nowhere");
}

}  // namespace
}  // namespace fairlead::http
