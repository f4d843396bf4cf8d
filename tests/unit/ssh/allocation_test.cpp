// SPDX-License-Identifier: Apache-2.0
// TH-7 (CVE-2025-26465's class): every single allocation of a login and a channel fails once. Nobody gets in
// who should not, both connections come to an end or do what they should, and another connection on the same
// thread never notices.
#include "unit/ssh/login_pair.hpp"

#include <cstdlib>
#include <new>

namespace {

// Counts down with every allocation while it is positive; the one that brings it to 0 fails.
std::size_t countdown = 0;

void* allocate(std::size_t size, std::size_t alignment) {
  if (countdown > 0 && --countdown == 0) throw std::bad_alloc();
  void* const block = alignment == 0
                          ? std::malloc(size == 0 ? 1 : size)
                          : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

}  // namespace

void* operator new(std::size_t size) {
  return allocate(size, 0);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
  std::free(block);
}

namespace fairlead::ssh::test {
namespace {

// Ends its connection in every case, as whoever drops a daemon's login does.
class Ender {
 public:
  explicit Ender(Connection connection) : connection_(std::move(connection)) {}
  Ender(const Ender&) = delete;
  Ender& operator=(const Ender&) = delete;
  ~Ender() { connection_.disconnect(DisconnectReason::by_application, ""); }

 private:
  Connection connection_;
};

// Gives one channel's data back.
Task<> echo(asio::ip::tcp::socket socket, std::shared_ptr<const ServerConfig> config) {
  auto client = co_await accept(std::move(socket), config);
  const Ender ender(client.connection);
  while (auto wanted = co_await client.channels.next()) {
    auto opened = std::move(*wanted).accept();
    co_await copy(opened.channel, opened.channel);
    opened.channel.close();
  }
}

Task<> say(Channel channel, std::string text) {
  co_await channel.write(as_bytes(text));
  channel.close_write();
}

Task<std::string> ask_echo(Connection connection, std::string text) {
  auto opened = co_await connection.open_channel("session");
  if (!opened) co_return "";
  auto give_up = [connection](const std::exception_ptr&) { Connection(connection).close({Errc::cancelled}); };
  TaskScope scope(co_await asio::this_coro::executor, std::move(give_up));
  scope.spawn(say(opened->channel, std::move(text)));
  co_return co_await read_text(opened->channel);
}

Task<std::string> log_in_and_ask(asio::ip::tcp::socket socket, std::shared_ptr<const ClientConfig> config,
                                 std::string text) {
  auto server = co_await connect(std::move(socket), config);
  const Ender ender(server.connection);
  co_return co_await ask_echo(server.connection, std::move(text));
}

Task<> keep(std::optional<AcceptedConnection>& place, asio::ip::tcp::socket socket,
            std::shared_ptr<const ClientConfig> config) {
  place.emplace(co_await connect(std::move(socket), std::move(config)));
}

// A dialogue, too.
class AnyMethod final : public TestAuthenticator {
 public:
  [[nodiscard]] std::vector<std::string> methods() const override {
    return {"publickey", "password", "keyboard-interactive"};
  }
  [[nodiscard]] Task<Verdict> keyboard_interactive(const AuthContext&, Prompter& prompter) override {
    PromptRound round(std::vector{Prompt("Password: ")});
    const auto answers = co_await prompter.ask(std::move(round));
    co_return as_text(answers.front()) == "secret" ? Verdict::accepted : Verdict::refused;
  }
};

enum class Shows : std::uint8_t { key, password, dialogue };

class Allocations : public testing::TestWithParam<Shows> {
 protected:
  Allocations() {
    const auto key = make_key();
    auto authenticator = std::make_shared<AnyMethod>();
    authenticator->key = key.public_key();
    pair_.server->authenticator = authenticator;
    pair_.client->rekey_bytes = 16384;
    if (GetParam() != Shows::password) pair_.client->password.reset();
    if (GetParam() == Shows::key) {
      pair_.client->keys = {key};
      text_.resize(60000, 'x');  // new keys while it is on its way
    }
    if (GetParam() == Shows::dialogue)
      pair_.client->answer_prompts = [](PromptRound) -> Task<std::vector<std::string>> {
        co_return std::vector<std::string>(1, "secret");
      };
  }

  // Runs what is ready until `done`; what handlers throw stays with them.
  void run_until(asio::io_context& io, const bool& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done && std::chrono::steady_clock::now() < deadline) {
      io.restart();
      try {
        io.run_one_for(std::chrono::milliseconds(100));
      } catch (const std::exception&) {
        continue;  // as a daemon's loop does
      }
    }
  }

  struct Outcome {
    std::string answer;
    bool server_ended = false, client_ended = false, both = false;
  };
  // A login and a channel whose n-th allocation fails. True when there were fewer.
  bool survives(std::size_t n, Outcome& outcome) {
    auto sockets = tcp_pair(io_);
    // Also when its coroutine is destroyed, as Asio does when it cannot begin to wait.
    const auto ended = [&outcome](bool& one) {
      const auto end = [&](void*) {
        one = true;
        outcome.both = outcome.server_ended && outcome.client_ended;
      };
      return std::shared_ptr<void>(nullptr, end);
    };
    asio::co_spawn(io_, echo(std::move(sockets.first), pair_.server),
                   [end = ended(outcome.server_ended)](const std::exception_ptr&) {});
    asio::co_spawn(io_, log_in_and_ask(std::move(sockets.second), pair_.client, text_),
                   [&, end = ended(outcome.client_ended)](const std::exception_ptr&, std::string answer) {
                     outcome.answer = std::move(answer);
                   });
    countdown = n;
    run_until(io_, outcome.both);
    return std::exchange(countdown, 0) > 0;
  }

  // Somebody else on the same thread, who stays; with a loop of its own, so that no allocation that fails is
  // its own.
  void begin_bystander() {
    auto sockets = tcp_pair(others_);
    asio::co_spawn(others_, echo(std::move(sockets.first), pair_.server), [](const std::exception_ptr&) {});
    bool done = false;
    asio::co_spawn(others_, keep(bystander_, std::move(sockets.second), pair_.client),
                   [&](const std::exception_ptr&) { done = true; });
    run_until(others_, done);
  }
  std::string ask_bystander() {
    bool done = false;
    std::string heard;
    asio::co_spawn(others_, ask_echo(bystander_->connection, "here"),
                   [&](const std::exception_ptr&, std::string answer) {
                     heard = std::move(answer);
                     done = true;
                   });
    run_until(others_, done);
    return heard;
  }

  asio::io_context io_{1}, others_{1};
  LoginPair pair_;
  std::optional<AcceptedConnection> bystander_;
  std::string text_ = "through";
};

TEST_P(Allocations, EachMayFailAndNobodyElseNotices) {
  begin_bystander();
  ASSERT_TRUE(bystander_);
  std::size_t n = 1, failed_logins = 0;
  for (bool all = false; !all; ++n) {
    Outcome outcome;
    all = survives(n, outcome);
    ASSERT_TRUE(outcome.both) << "hangs after allocation " << n << ": server " << outcome.server_ended
                              << ", client " << outcome.client_ended;
    ASSERT_TRUE(outcome.answer.empty() || text_.starts_with(outcome.answer)) << n;
    if (all) ASSERT_EQ(outcome.answer, text_);
    failed_logins += outcome.answer.empty() ? 1 : 0;
    ASSERT_EQ(ask_bystander(), "here") << n;
  }
  EXPECT_GT(n, 200U);
  EXPECT_GT(failed_logins, 100U);
}

INSTANTIATE_TEST_SUITE_P(Logins, Allocations, testing::Values(Shows::key, Shows::password, Shows::dialogue));

}  // namespace
}  // namespace fairlead::ssh::test
