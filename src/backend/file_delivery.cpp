// SPDX-License-Identifier: Apache-2.0
// One channel for each file.
#include "backend/file_delivery.hpp"

#include "base/byte_buffer.hpp"
#include "base/wire.hpp"
#include "link/agent_link.hpp"

#include <array>
#include <utility>
#include <vector>

namespace fairlead::backend {
namespace {

constexpr std::size_t reason_bytes = 300;  // of a hostile box's words, in our log

std::vector<std::byte> encode_path(std::string_view path) {
  ssh::ByteBuffer buffer;
  ssh::WireWriter(buffer).string(path);
  const ssh::Bytes bytes = buffer.readable();
  return {bytes.begin(), bytes.end()};
}

// The agent's sentence, until its EOF; what comes beyond it is not worth reading.
Task<std::string> read_reason(ssh::Channel channel) {
  std::array<std::byte, reason_bytes> buffer{};
  const std::size_t size = co_await channel.read_some(buffer);
  const ssh::Bytes reason = ssh::Bytes(buffer).first(size);
  co_return reason.empty() ? "the agent did not say why" : ssh::to_string(reason);
}

// Empty when the file is there, else why not.
Task<std::string> deliver(ssh::Connection link, const std::string& path, const std::string& content) {
  auto extra = encode_path(path);
  auto opened = co_await link.open_channel(std::string(link::file_channel), std::move(extra));
  if (!opened) co_return opened.error().text.substr(0, reason_bytes);
  ssh::Channel channel = opened->channel;
  std::string reason;
  try {
    co_await channel.write(ssh::as_bytes(content));
    std::string request(link::deliver_request);
    std::vector<std::byte> nothing;
    const bool there = co_await channel.request(std::move(request), std::move(nothing));
    if (!there) reason = co_await read_reason(channel);
  } catch (const ssh::ConnectionError&) {
    if (!link.is_open()) throw;
    reason = "the agent closed the channel";
  }
  channel.close();
  co_return reason;
}

const char* obstacle(const std::string& path, const std::string& content, std::size_t bytes_left) {
  if (!link::is_file_path(path)) return "this is not the absolute path of a file";
  if (path.starts_with(std::string(link::directory) + '/')) return "this directory is Fairlead's own";
  if (content.size() > bytes_left) return "the login's files are too large";
  return nullptr;
}

// ContainerSSH's codes: DOCKER_FILE_WRITE, …
std::string code_of(const Login& login) {
  std::string name = login.config->backend;
  for (char& c : name)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return name + "_FILE_WRITE";
}

}  // namespace

Task<> deliver_files(ssh::Connection link, const Login& login) {
  const std::string code = code_of(login);
  std::size_t bytes_left = link::file_bytes;
  std::size_t files_left = link::files;
  for (const auto& [path, file] : login.metadata.files) {
    std::string reason = "the login has too many files";
    if (files_left > 0) {
      --files_left;
      const char* why = obstacle(path, file.value, bytes_left);
      reason = why != nullptr ? why : "";
    }
    if (reason.empty()) {
      bytes_left -= file.value.size();
      reason = co_await deliver(link, path, file.value);
    }
    if (reason.empty())
      login.log.debug(code, "A file was written into the box", {{"path", path}});
    else
      login.log.warning(code + "_FAILED", "A file could not be written into the box",
                        {{"path", path}, {"reason", reason}});
  }
}

}  // namespace fairlead::backend
