// SPDX-License-Identifier: Apache-2.0
// The commands of the conformance server, and a program between a channel's two streams.
#include "command.hpp"

#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <openssl/evp.h>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <charconv>
#include <stdexcept>

namespace conformance {

namespace {

namespace ssh = fairlead::ssh;
namespace asio = boost::asio;
using LocalSocket = asio::local::stream_protocol::socket;

void must(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

class Sha256 {
 public:
  Sha256() { must(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1, "SHA-256"); }
  void update(ssh::Bytes data) {
    must(EVP_DigestUpdate(context_.get(), data.data(), data.size()) == 1, "SHA-256");
  }
  std::string hexadecimal() {
    std::array<unsigned char, 32> digest;
    must(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1, "SHA-256");
    std::string text;
    for (const unsigned byte : digest) {
      text += "0123456789abcdef"[byte >> 4U];
      text += "0123456789abcdef"[byte & 15U];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

class Pattern {
 public:
  Pattern() {
    const std::array<unsigned char, 16> zeros{};
    must(EVP_EncryptInit_ex(context_.get(), EVP_aes_128_ctr(), nullptr, zeros.data(), zeros.data()) == 1,
         "AES");
  }
  void fill(ssh::MutableBytes slot) {
    std::ranges::fill(slot, std::byte{});
    auto* const bytes = reinterpret_cast<unsigned char*>(slot.data());
    int size = 0;
    must(EVP_EncryptUpdate(context_.get(), bytes, &size, bytes, static_cast<int>(slot.size())) == 1, "AES");
  }

 private:
  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context_{EVP_CIPHER_CTX_new(),
                                                                           &EVP_CIPHER_CTX_free};
};

ssh::Task<std::string> swallow(ssh::Channel channel) {
  std::vector<std::byte> buffer(std::size_t{64} * 1024);
  Sha256 hash;
  while (const auto size = co_await channel.read_some(buffer)) hash.update(ssh::Bytes(buffer).first(size));
  co_return hash.hexadecimal();
}

ssh::Task<> stream(ssh::Channel channel, std::uint64_t size) {
  std::vector<std::byte> buffer(std::size_t{64} * 1024);
  Pattern pattern;
  while (size > 0) {
    const auto part = ssh::MutableBytes(buffer).first(std::min<std::uint64_t>(size, buffer.size()));
    pattern.fill(part);
    co_await channel.write(part);
    size -= part.size();
  }
}

// "kex hostkey cipher [mac] [cipher [mac]]\tmethod\tfingerprint or nothing\tSHA-256 of the input\n"
ssh::Task<> check(ssh::Channel channel, std::uint64_t size, Facts facts) {
  std::string line = facts.connection.negotiated();
  line.append("\t").append(facts.login.method).append("\t").append(facts.login.key_fingerprint).append("\t");
  line += co_await swallow(channel);
  line += '\n';
  co_await channel.write(ssh::as_bytes(line));
  co_await stream(channel, size);
  co_await channel.write_stderr(ssh::as_bytes("to standard error\n"));
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// A local socket as the engine's copy() wants it.
struct Stream {
  std::shared_ptr<LocalSocket> socket;

  ssh::Task<std::size_t> read_some(ssh::MutableBytes buffer) {
    try {
      co_return co_await socket->async_read_some(asio::buffer(buffer.data(), buffer.size()),
                                                 asio::use_awaitable);
    } catch (const boost::system::system_error&) {
      co_return 0;  // its end, whatever the reason
    }
  }
  ssh::Task<> write(ssh::Bytes data) {
    co_await asio::async_write(*socket, asio::buffer(data.data(), data.size()), asio::use_awaitable);
  }
  void close_write() {
    boost::system::error_code ignored;
    socket->shutdown(LocalSocket::shutdown_send, ignored);
  }
};

pid_t start(const std::string& path, int stream) {
  std::string name = path;
  const std::array<char*, 2> arguments{name.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, stream, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, stream, STDOUT_FILENO);
  pid_t child = 0;
  const int failed = posix_spawn(&child, path.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  must(failed == 0, "posix_spawn");
  return child;
}

}  // namespace

ssh::Task<> run_command(ssh::Channel channel, std::string line, Facts facts) {
  const std::size_t blank = line.find(' ');
  const std::string name = line.substr(0, blank);
  const std::string rest = blank == std::string::npos ? "" : line.substr(blank + 1);
  std::uint32_t status = 0;
  if (name == "cat") {
    co_await ssh::copy(channel, channel);
  } else if (name == "check") {
    co_await check(channel, number(rest), facts);
    status = 7;
  } else if (name == "exit") {
    status = static_cast<std::uint32_t>(number(rest));
  } else if (name == "stream") {
    co_await stream(channel, number(rest));
  } else if (name == "swallow") {
    std::string digest = co_await swallow(channel);
    digest += '\n';
    co_await channel.write(ssh::as_bytes(digest));
  } else if (name != "signal") {
    co_await channel.write_stderr(ssh::as_bytes("no such command\n"));
    status = 127;
  }
  if (name == "signal")
    channel.send_exit_signal(rest, false, "as asked");
  else
    channel.send_exit_status(status);
  channel.close();
}

ssh::Task<> run_program(ssh::Channel channel, std::string path) {
  LocalSocket theirs(co_await asio::this_coro::executor);
  auto ours = std::make_shared<LocalSocket>(co_await asio::this_coro::executor);
  asio::local::connect_pair(*ours, theirs);
  ::fcntl(ours->native_handle(), F_SETFD, FD_CLOEXEC);
  ::fcntl(theirs.native_handle(), F_SETFD, FD_CLOEXEC);  // its copies on 0 and 1 stay
  const pid_t child = start(path, theirs.native_handle());
  theirs.close();
  ssh::TaskScope input(co_await asio::this_coro::executor);
  const Stream program{ours};
  input.spawn(ssh::copy(channel, program));
  co_await ssh::copy(program, channel);
  ::waitpid(child, nullptr, 0);  // it has closed its output: only exiting is left
  channel.send_exit_status(0);
  channel.close();
}

}  // namespace conformance
