// SPDX-License-Identifier: Apache-2.0
// The HTTP client against servers that answer well, badly, slowly, and not at all.
#include "http/client.hpp"

#include "support/run_task.hpp"
#include "support/scripted_server.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace fairlead::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using test::Peer;
using test::ScriptedServer;

class HttpClient : public testing::Test {
 protected:
  Response send(const Client& client, Request request) {
    return test::run_task(io_, client.send(std::move(request)));
  }
  Response get(const Client& client, std::string target) {
    Request request;
    request.target = std::move(target);
    return send(client, std::move(request));
  }
  // The failure of a GET of "/".
  HttpError failure(const Client& client, steady_clock::duration time = 5s) {
    Request request;
    request.target = "/";
    request.deadline = steady_clock::now() + time;
    try {
      (void)send(client, std::move(request));
    } catch (const HttpError& error) {
      return error;
    }
    throw std::logic_error("the request did not fail");
  }

  boost::asio::io_context io_{1};
};

Client client_of(const ScriptedServer& server, std::size_t limit = limits::body) {
  return Client(Endpoint::parse(server.url()), {}, limit);
}

TEST_F(HttpClient, AnswerWithStatusHeadersAndJson) {
  ScriptedServer server([](Peer& peer) {
    EXPECT_EQ(peer.read_request(), "GET /x?y=1 HTTP/1.1\r\nHost: localhost\r\nUser-Agent: fairlead\r\n\r\n");
    peer.answer(404, R"({"message":"no such thing"})");
  });
  const auto response = get(client_of(server), "/x?y=1");
  EXPECT_EQ(response.status, 404U);
  EXPECT_EQ(response.reason, "Words");
  EXPECT_EQ(response.header("content-TYPE"), "application/json");
  EXPECT_EQ(response.header("absent"), "");
  EXPECT_EQ(response.json().as_object().at("message").as_string(), "no such thing");
}

TEST_F(HttpClient, BodiesSmallAndLargeArriveWhole) {
  ScriptedServer server([](Peer& peer) {
    for (std::string request; !(request = peer.read_request()).empty();)
      peer.answer(200, std::to_string(request.size() - request.find("\r\n\r\n") - 4));
  });
  const auto client = client_of(server);
  for (const std::size_t size : {1U, 100U, 32U * 1024, 32U * 1024 + 1, 3'000'000U}) {
    Request request{.method = "PUT", .target = "/", .headers = {}, .body = std::string(size, 'x')};
    EXPECT_EQ(send(client, std::move(request)).body, std::to_string(size));
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClient, ConnectionsAreKeptAndUsedAgain) {
  ScriptedServer server([](Peer& peer) {
    while (!peer.read_request().empty()) peer.answer(200, "{}");
  });
  const auto client = client_of(server);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(get(client, "/").status, 200U);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClient, AConnectionTheServerClosedIsReplaced) {
  ScriptedServer server([](Peer& peer) {
    (void)peer.read_request();
    peer.answer(200, "{}");
  });
  const auto client = client_of(server);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(get(client, "/").status, 200U);
  EXPECT_EQ(server.connections(), 5);
}

TEST_F(HttpClient, ConnectionCloseIsObeyed) {
  ScriptedServer server([](Peer& peer) {
    (void)peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end");
  });
  const auto client = client_of(server);
  EXPECT_EQ(get(client, "/").body, "until the end");
  EXPECT_EQ(get(client, "/").body, "until the end");
}

TEST_F(HttpClient, KeptConnectionThatDiesWithoutAnAnswerIsRetriedForGetButNotForPost) {
  std::atomic<int> number = 0;
  ScriptedServer server([&](Peer& peer) {
    const bool first = number++ == 0;
    (void)peer.read_request();
    peer.answer(200, "{}");
    if (!first) (void)peer.read_request();
    // The first connection takes a second request and hangs up without a word.
    if (first) (void)peer.read_request();
  });
  const auto client = client_of(server);
  EXPECT_EQ(get(client, "/").status, 200U);
  EXPECT_EQ(get(client, "/").status, 200U) << "on a second connection";
  EXPECT_EQ(server.connections(), 2);
  Request post{.method = "POST", .target = "/"};
  EXPECT_THROW((void)send(client, std::move(post)), HttpError) << "a POST may have been done already";
}

TEST_F(HttpClient, AnIdempotentPostIsRepeatedWhenTheKeptConnectionWasDead) {
  std::atomic<int> number = 0;
  ScriptedServer server([&](Peer& peer) {
    const bool first = number++ == 0;
    while (!peer.read_request().empty()) {
      peer.answer(200, "{}");
      if (first) break;
    }
    if (first) (void)peer.read_request();  // and hangs up without a word
  });
  const auto client = client_of(server);
  for (int i = 0; i < 2; ++i) {
    Request post{.method = "POST", .target = "/", .body = "x", .idempotent = true};
    EXPECT_EQ(send(client, std::move(post)).status, 200U);
  }
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(HttpClient, AnIdempotentPostIsNotRepeatedOnceAnAnswerBegan) {
  std::atomic<int> requests = 0;
  ScriptedServer server([&](Peer& peer) {
    for (int i = 0; !peer.read_request().empty(); ++i) {
      ++requests;
      if (i == 0) {
        peer.answer(200, "{}");
      } else {
        peer.write("HTTP/1.1 2");
        return;
      }
    }
  });
  const auto client = client_of(server);
  Request post{.method = "POST", .target = "/", .idempotent = true};
  EXPECT_EQ(send(client, post).status, 200U);
  EXPECT_THROW((void)send(client, post), HttpError);
  EXPECT_EQ(requests, 2);
}

TEST_F(HttpClient, ACancelledCallerEndsTheRequestAtOnce) {
  for (const bool answer_begins : {false, true}) {
    std::promise<void> asked;
    std::promise<void> gone;
    ScriptedServer server([&](Peer& peer) {
      (void)peer.read_request();
      if (answer_begins) peer.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
      asked.set_value();
      peer.wait_for_end();
      gone.set_value();
    });
    SCOPED_TRACE(answer_begins);
    std::optional<Failure> failure;
    auto ask = [](Client from, std::optional<Failure>& result) -> Task<> {
      try {
        Request request{.target = "/", .deadline = steady_clock::time_point::max()};
        (void)co_await from.send(std::move(request));
      } catch (const HttpError& error) {
        result = error.kind();
      }
    };
    boost::asio::io_context io{1};
    ssh::TaskScope scope(io.get_executor());
    scope.spawn(ask(client_of(server), failure));
    std::thread canceller([&] {
      asked.get_future().wait();
      boost::asio::post(io, [&] { scope.cancel(); });
    });
    io.run();
    canceller.join();
    EXPECT_EQ(failure, Failure::cancelled);
    EXPECT_EQ(gone.get_future().wait_for(5s), std::future_status::ready) << "the connection is closed";
  }
}

TEST_F(HttpClient, AnswersOfOneByteASecondMeetTheDeadline) {
  ScriptedServer server([](Peer& peer) {
    (void)peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    for (int i = 0; i < 200; ++i) {
      peer.write("x");
      std::this_thread::sleep_for(10ms);
    }
  });
  const auto before = steady_clock::now();
  EXPECT_EQ(failure(client_of(server), 150ms).kind(), Failure::timeout);
  EXPECT_LT(steady_clock::now() - before, 1s);
}

TEST_F(HttpClient, NoContentMeansNoBody) {
  ScriptedServer server([](Peer& peer) {
    while (!peer.read_request().empty()) peer.write("HTTP/1.1 204 No Content\r\n\r\n");
  });
  const auto client = client_of(server);
  for (int i = 0; i < 2; ++i) {
    const auto answer = get(client, "/");
    EXPECT_EQ(answer.status, 204U);
    EXPECT_EQ(answer.body, "");
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClient, ChunkedAnswer) {
  ScriptedServer server([](Peer& peer) {
    (void)peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (const char* piece : {"3\r\nabc\r\n", "2\r", "\nde\r\n", "0\r\n\r\n"}) peer.write(piece);
    peer.wait_for_end();
  });
  EXPECT_EQ(get(client_of(server), "/").body, "abcde");
}

TEST_F(HttpClient, HeadAnswerHasNoBody) {
  ScriptedServer server([](Peer& peer) {
    while (!peer.read_request().empty())
      peer.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nApi-Version: 1.41\r\n\r\n");
  });
  const auto client = client_of(server);
  for (int i = 0; i < 2; ++i) {
    Request request{.method = "HEAD", .target = "/_ping"};
    EXPECT_EQ(send(client, std::move(request)).header("Api-Version"), "1.41");
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClient, InterimAnswersAreSkipped) {
  ScriptedServer server([](Peer& peer) {
    (void)peer.read_request();
    peer.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  EXPECT_EQ(get(client_of(server), "/").body, "ok");
}

TEST_F(HttpClient, AnswerBeforeTheWholeBodyWasRead) {
  ScriptedServer server([](Peer& peer) {
    (void)peer.read_bytes(100);
    peer.answer(413, "{}");
  });
  Request request{.method = "PUT", .target = "/", .headers = {}, .body = std::string(5'000'000, 'x')};
  EXPECT_EQ(send(client_of(server), std::move(request)).status, 413U);
}

TEST_F(HttpClient, NobodyListens) {
  const auto error = failure(Client(Endpoint::parse("unix:///nonexistent/docker.sock")));
  EXPECT_EQ(error.kind(), Failure::connect);
  EXPECT_STREQ(error.what(), "connect /nonexistent/docker.sock: No such file or directory");
  EXPECT_EQ(failure(Client(Endpoint::parse("tcp://127.0.0.1:1"))).kind(), Failure::connect);
  EXPECT_EQ(failure(Client(Endpoint::parse("unix:///" + std::string(200, 'x')))).kind(), Failure::endpoint);
}

TEST_F(HttpClient, AServerThatSaysNothingMeetsTheDeadline) {
  ScriptedServer server([](Peer& peer) { peer.wait_for_end(); });
  const auto before = steady_clock::now();
  const auto error = failure(client_of(server), 100ms);
  EXPECT_EQ(error.kind(), Failure::timeout);
  EXPECT_NE(std::string(error.what()).find("no answer within the time limit"), std::string::npos);
  EXPECT_LT(steady_clock::now() - before, 2s);
}

TEST_F(HttpClient, AServerThatStopsInTheMiddleMeetsTheDeadline) {
  ScriptedServer server([](Peer& peer) {
    (void)peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    peer.wait_for_end();
  });
  EXPECT_EQ(failure(client_of(server), 100ms).kind(), Failure::timeout);
}

TEST_F(HttpClient, CutAnswersAndGarbageAreErrors) {
  struct Case {
    const char* bytes;
    Failure kind;
  };
  for (const Case& c :
       {Case{"", Failure::closed}, Case{"HTTP/1.1 200 OK\r\nContent-Le", Failure::closed},
        Case{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", Failure::closed},
        Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", Failure::closed},
        Case{"SSH-2.0-OpenSSH\r\n\r\n", Failure::protocol},
        Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Failure::protocol}}) {
    ScriptedServer server([&](Peer& peer) {
      (void)peer.read_request();
      peer.write(c.bytes);
    });
    EXPECT_EQ(failure(client_of(server)).kind(), c.kind) << c.bytes;
  }
}

TEST_F(HttpClient, TooLongBodiesAndHeadersAreRefused) {
  ScriptedServer body([](Peer& peer) {
    (void)peer.read_request();
    peer.answer(200, std::string(2000, 'x'));
  });
  EXPECT_EQ(failure(client_of(body, 1000)).kind(), Failure::too_big);
  ScriptedServer header([](Peer& peer) {
    (void)peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n");
  });
  EXPECT_EQ(failure(client_of(header)).kind(), Failure::too_big);
}

TEST_F(HttpClient, LinesCannotBeSmuggledIn) {
  ScriptedServer server([](Peer& peer) { peer.wait_for_end(); });
  const auto client = client_of(server);
  for (Request request :
       {Request{.target = "/a\r\nX: y"}, Request{.target = "/a b"}, Request{.method = "GET\n"},
        Request{.target = "/", .headers = {{"X", "a\r\nY: b"}}}})
    EXPECT_THROW((void)send(client, std::move(request)), HttpError);
}

TEST_F(HttpClient, StreamedBodyArrivesInPiecesAndFreesItsConnection) {
  ScriptedServer server([](Peer& peer) {
    while (!peer.read_request().empty()) {
      peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      for (int i = 0; i < 100; ++i) peer.write("400\r\n" + std::string(1024, 'x') + "\r\n");
      peer.write("0\r\n\r\n");
    }
  });
  const auto client = client_of(server, 10);
  auto read_all = [](Client from) -> Task<std::size_t> {
    Request request;
    request.target = "/";
    auto stream = co_await from.open(std::move(request));
    std::size_t total = 0;
    std::string piece;
    do {
      piece = co_await stream.read();
      total += piece.size();
    } while (!piece.empty());
    co_return total;
  };
  EXPECT_EQ(test::run_task(io_, read_all(client)), 100U * 1024);
  EXPECT_EQ(test::run_task(io_, read_all(client)), 100U * 1024);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClient, UpgradeKeepsBytesThatCameWithTheHeader) {
  ScriptedServer server([](Peer& peer) {
    const auto request = peer.read_request();
    EXPECT_NE(request.find("\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"), std::string::npos);
    peer.write("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nearly");
    const auto line = peer.read_bytes(5);
    peer.write(" late " + line);
    EXPECT_EQ(peer.read_bytes(100), "") << "the client's half-close is the end of its stream";
    peer.write("!");
  });
  auto talk = [](Client from) -> Task<std::string> {
    Request request;
    request.method = "POST";
    request.target = "/attach";
    auto upgraded = co_await from.upgrade(std::move(request));
    EXPECT_EQ(upgraded.head.status, 101U);
    std::string all;
    std::vector<std::byte> buffer(3);
    co_await upgraded.stream.write(ssh::as_bytes("hello"));
    upgraded.stream.close_write();
    while (const auto size = co_await upgraded.stream.read_some(buffer))
      all += ssh::as_text(ssh::Bytes(buffer).first(size));
    co_return all;
  };
  EXPECT_EQ(test::run_task(io_, talk(client_of(server))), "early late hello!");
}

TEST_F(HttpClient, RefusedUpgradeGivesTheAnswer) {
  ScriptedServer server([](Peer& peer) {
    (void)peer.read_request();
    peer.answer(404, R"({"message":"No such container"})");
  });
  auto ask = [](Client from) -> Task<Upgraded> {
    Request request;
    request.target = "/attach";
    co_return co_await from.upgrade(std::move(request));
  };
  const auto upgraded = test::run_task(io_, ask(client_of(server)));
  EXPECT_EQ(upgraded.head.status, 404U);
  EXPECT_FALSE(upgraded.stream);
  EXPECT_EQ(upgraded.head.body, R"({"message":"No such container"})");
}

TEST_F(HttpClient, PoolsBelongToTheirContextAndMayOutliveNothing) {
  ScriptedServer server([](Peer& peer) {
    while (!peer.read_request().empty()) peer.answer(200, "{}");
  });
  const auto client = client_of(server);
  for (int i = 0; i < 3; ++i) {
    boost::asio::io_context other{1};
    Request request;
    request.target = "/";
    EXPECT_EQ(test::run_task(other, client.send(std::move(request))).status, 200U);
  }
  EXPECT_EQ(server.connections(), 3);
}

}  // namespace
}  // namespace fairlead::http
