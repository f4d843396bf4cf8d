// SPDX-License-Identifier: Apache-2.0
// The HTTP server: what it answers, whom it waits for and how long, and what no client can do to it.
#include "http/server.hpp"

#include "http/client.hpp"
#include "running_server.hpp"
#include "support/raw_connection.hpp"
#include "support/run_task.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <random>

namespace fairlead::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using test::RawConnection;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// Everything the server says to these bytes.
std::string reply(const RunningServer& server, std::string_view bytes) {
  RawConnection connection(server.port());
  connection.send(bytes);
  connection.end_sending();
  return connection.read_all();
}

bool is_alive(const RunningServer& server) {
  return reply(server, "GET /alive HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      .ends_with("GET /alive []");
}

TEST(HttpServer, AnswersOurClientOnOneConnection) {
  RunningServer server;
  boost::asio::io_context io{1};
  const Client client(Endpoint::parse("http://127.0.0.1:" + std::to_string(server.port())));
  for (const char* method : {"GET", "POST", "PUT", "DELETE", "PATCH"}) {
    Request request{.method = method, .target = "/a?b=c", .headers = {{"x-test", "one two"}}, .body = "body"};
    const auto answer = test::run_task(io, client.send(std::move(request)));
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.reason, "OK");
    EXPECT_EQ(answer.body, std::string(method) + " /a?b=c one two[body]");
    EXPECT_EQ(answer.header("Content-Type"), "text/plain; charset=utf-8");
    EXPECT_THAT(std::string(answer.header("Date")), EndsWith(" GMT"));
  }
}

TEST(HttpServer, LargeBodiesInBothDirections) {
  RunningServer server;
  boost::asio::io_context io{1};
  const Client client(Endpoint::parse("http://127.0.0.1:" + std::to_string(server.port())));
  Request request{.method = "POST", .target = "/", .body = std::string(3'000'000, 'x')};
  EXPECT_EQ(test::run_task(io, client.send(std::move(request))).body.size(), 3'000'009U);
}

TEST(HttpServer, KeepsConnectionsAsTheVersionSays) {
  RunningServer server;
  EXPECT_THAT(reply(server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), HasSubstr("Connection: keep-alive\r\n"));
  EXPECT_THAT(reply(server, "GET / HTTP/1.0\r\n\r\n"), HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(reply(server, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
              HasSubstr("Connection: keep-alive"));
}

TEST(HttpServer, RequestsInARowAndByteByByte) {
  RunningServer server;
  const std::string two =
      "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
      "POST /2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: "
      "close\r\n\r\n2\r\nde\r\n1;e=1\r\nf\r\n0\r\n\r\n";
  RawConnection slow(server.port());
  for (const char c : two) slow.send({&c, 1});
  for (const std::string& answer : {reply(server, two), slow.read_all()}) {
    EXPECT_THAT(answer, HasSubstr("POST /1 [abc]HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, EndsWith("POST /2 [def]"));
  }
}

TEST(HttpServer, HeadHasALengthAndNoBody) {
  RunningServer server;
  const auto answer = reply(server, "HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 10\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST(HttpServer, WhoAsksMayContinue) {
  RunningServer server;
  RawConnection connection(server.port());
  connection.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(connection.read_past("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  connection.send("hi");
  EXPECT_THAT(connection.read_past("]"), EndsWith("POST / [hi]"));
}

TEST(HttpServer, AbsoluteTargetsAreTheirPath) {
  RunningServer server;
  EXPECT_THAT(reply(server, "GET http://x/a?b HTTP/1.1\r\nHost: x\r\n\r\n"), EndsWith("GET /a?b []"));
  EXPECT_THAT(reply(server, "GET http://x HTTP/1.1\r\nHost: x\r\n\r\n"), EndsWith("GET / []"));
  EXPECT_THAT(reply(server, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"), EndsWith("OPTIONS * []"));
}

TEST(HttpServer, WhatIsNoRequestIsRefusedAndTheConnectionClosed) {
  struct Case {
    std::string bytes;
    unsigned status;
  };
  const std::string post = "POST / HTTP/1.1\r\nHost: x\r\n";
  const std::string get = "GET / HTTP/1.1\r\n";
  RunningServer server;
  for (const Case& c : {
           Case{"SSH-2.0-OpenSSH_9.7\r\n\r\n", 400},
           Case{std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(100, '\0'),
                400},
           Case{"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 400},
           Case{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
           Case{"GET /\r\n\r\n", 400},
           Case{"G\x01T / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
           Case{"GET /a\x01 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
           Case{"GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
           Case{"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
           Case{get + "\r\n", 400},  // no Host
           Case{get + "Host: x\r\nHost: y\r\n\r\n", 400},
           Case{get + "Host: x\r\nNo colon\r\n\r\n", 400},
           Case{get + "Host: x\r\nA : b\r\n\r\n", 400},
           Case{get + "Host: x\r\nA: " + std::string(1, '\0') + "\r\n\r\n", 400},
           Case{post + "Content-Length: -1\r\n\r\n", 400},
           Case{post + "Content-Length: 99999999999999999999999\r\n\r\n", 400},
           Case{post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
           // Request smuggling.
           Case{post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
           Case{post + "Transfer-Encoding: gzip\r\n\r\n", 400},
           Case{post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
           Case{post + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", 400},
           Case{post + "Content-Length: 5000000\r\n\r\n", 413},
           Case{post + "Transfer-Encoding: chunked\r\n\r\n500000\r\n" + std::string(4 << 20, 'x') + "xxx",
                413},
           // A line between chunks that never ends.
           Case{post + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(1 << 20, 'x'), 400},
           Case{post + "Expect: a miracle\r\nContent-Length: 1\r\n\r\n", 417},
           Case{get + "Host: x\r\nA: " + std::string(100'000, 'x') + "\r\n\r\n", 431},
           Case{"GET /" + std::string(100'000, 'x'), 431},
       }) {
    const auto answer = reply(server, c.bytes);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::to_string(c.status) + " ")) << c.bytes.substr(0, 100);
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  }
  EXPECT_TRUE(is_alive(server));
}

TEST(HttpServer, ClientsThatLeaveInTheMiddleAreForgotten) {
  RunningServer server;
  for (const char* bytes :
       {"", "G", "GET / HTTP/1.1\r\nHost", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"})
    EXPECT_EQ(reply(server, bytes), "") << bytes;
  EXPECT_TRUE(is_alive(server));
}

TEST(HttpServer, BrokenRequestsOfEveryKindLeaveItAlive) {
  RunningServer server;
  const std::string good =
      "POST /x?y HTTP/1.1\r\nHost: x\r\nX-Test: y\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: "
      "r\r\n\r\n";
  std::minstd_rand dice(7);
  for (int round = 0; round < 500; ++round) {
    std::string bytes = good;
    for (int change = 0; change < 3; ++change) {
      const auto at = dice() % bytes.size();
      switch (dice() % 4) {
        case 0:
          bytes[at] = static_cast<char>(dice());
          break;
        case 1:
          bytes.erase(at, 1);
          break;
        case 2:
          bytes.insert(at, 1, "\r\n:; 0f\x00"[dice() % 8]);
          break;
        default:
          bytes.resize(at + 1);
          break;
      }
    }
    (void)reply(server, bytes);
  }
  EXPECT_TRUE(is_alive(server));
}

ServerOptions impatient() {
  ServerOptions options;
  options.limits.header_time = options.limits.body_time = options.limits.idle_time = 100ms;
  options.limits.linger_time = 100ms;
  return options;
}

TEST(HttpServer, SlowRequestsAreToldAndSilentClientsAreNot) {
  RunningServer server(impatient());
  const std::string half_body = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab";
  for (const std::string& bytes : {std::string("GET / HTTP/1.1\r\nHo"), half_body}) {
    RawConnection connection(server.port());
    connection.send(bytes);
    EXPECT_THAT(connection.read_all(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  }
  RawConnection silent(server.port());
  EXPECT_EQ(silent.read_all(), "");
  RawConnection kept(server.port());
  kept.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(kept.read_all(), EndsWith("GET / []")) << "and closed after the idle time";
}

TEST(HttpServer, AByteNowAndThenDoesNotKeepARequestOpen) {
  RunningServer server(impatient());
  RawConnection connection(server.port());
  const auto before = steady_clock::now();
  std::thread drip([&] {
    for (int i = 0; i < 100; ++i) {
      connection.send("G");
      std::this_thread::sleep_for(10ms);
    }
  });
  EXPECT_THAT(connection.read_all(), StartsWith("HTTP/1.1 4"));
  EXPECT_LT(steady_clock::now() - before, 900ms);
  drip.join();
}

TEST(HttpServer, AClientThatReadsNothingIsCutOff) {
  ServerOptions options;
  options.limits.write_time = 100ms;
  RunningServer server(std::move(options), [](Request) -> Task<Response> {
    co_return text_answer(200, std::string(64 << 20, 'x'));
  });
  RawConnection connection(server.port());
  connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  std::this_thread::sleep_for(300ms);
  EXPECT_LT(connection.read_all().size(), std::size_t{64} << 20);
}

TEST(HttpServer, WhoHoldsManyConnectionsKeepsNobodyOut) {
  ServerOptions options;
  options.limits.connections = 4;
  RunningServer server(std::move(options));
  std::vector<std::unique_ptr<RawConnection>> idle;
  for (int i = 0; i < 20; ++i) {
    idle.push_back(std::make_unique<RawConnection>(server.port()));
    idle.back()->send("GET / HT");
  }
  EXPECT_TRUE(is_alive(server));
  for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(idle[i]->read_all(), "") << "the oldest are closed";
}

TEST(HttpServer, FailingHandlersTellNothing) {
  ServerOptions options;
  std::mutex mutex;
  std::string reported;
  options.report = [&](const std::string& text) {
    const std::scoped_lock lock(mutex);
    reported = text;
  };
  RunningServer server(std::move(options), [](Request request) -> Task<Response> {
    if (request.target == "/throw") throw std::runtime_error("secret");
    co_return Response{.status = 200, .headers = {{"X", "a\r\nY: b"}}};
  });
  const auto answer = reply(server, "GET /throw HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 Internal Server Error\r\n"));
  EXPECT_THAT(answer, testing::Not(HasSubstr("secret")));
  {
    const std::scoped_lock lock(mutex);
    EXPECT_THAT(reported, HasSubstr("secret"));
  }
  EXPECT_EQ(reply(server, "GET /split HTTP/1.1\r\nHost: x\r\n\r\n"), "") << "no header ends a line";
}

TEST(HttpServer, StopClosesTheIdleAndAnswersWhatIsUnderWay) {
  std::promise<void> asked;
  std::promise<void> go_on;
  auto released = go_on.get_future().share();
  RunningServer server({}, [&](Request) -> Task<Response> {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    asked.set_value();
    while (released.wait_for(0s) != std::future_status::ready) {
      timer.expires_after(5ms);
      co_await timer.async_wait(boost::asio::use_awaitable);
    }
    co_return text_answer(200, "done");
  });
  RawConnection idle(server.port());
  RawConnection busy(server.port());
  busy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  asked.get_future().wait();
  server.stop();
  EXPECT_EQ(idle.read_all(), "");
  go_on.set_value();
  const auto answer = busy.read_all();
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, EndsWith("done"));
  EXPECT_TRUE(server.ends());
  EXPECT_THROW(RawConnection(server.port()), std::runtime_error);
}

TEST(HttpServer, MayBeDestroyedInTheMiddleOfEverything) {
  auto server = std::make_unique<RunningServer>(ServerOptions{}, [](Request) -> Task<Response> {
    boost::asio::steady_timer never(co_await boost::asio::this_coro::executor, std::chrono::hours(1));
    co_await never.async_wait(boost::asio::use_awaitable);
    co_return text_answer(200, "");
  });
  RawConnection idle(server->port());
  RawConnection reading(server->port());
  reading.send("GET / HTTP");
  RawConnection answering(server->port());
  answering.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  std::this_thread::sleep_for(20ms);  // so that most rounds find all three in their phase; any order must do
  server.reset();
  EXPECT_EQ(idle.read_all() + reading.read_all() + answering.read_all(), "");
}

TEST(HttpServer, AddressesThatCannotBeUsedAreErrors) {
  boost::asio::io_context io{1};
  RunningServer other;
  for (const std::string& address : {std::string("nowhere"), std::string("127.0.0.1:99999"),
                                     std::string("name:80"), "127.0.0.1:" + std::to_string(other.port())}) {
    ServerOptions options{.listen = address};
    EXPECT_THROW(Server(io.get_executor(), std::move(options), RunningServer::echo), HttpError) << address;
  }
}

}  // namespace
}  // namespace fairlead::http
