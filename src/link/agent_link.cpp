// SPDX-License-Identifier: Apache-2.0
// Setup on the wire: a version, then the fields in the order of the struct; lists and maps begin with their
// count.
#include "link/agent_link.hpp"

#include "base/wire.hpp"

#include <climits>

#include <algorithm>
#include <array>

namespace fairlead::link {
namespace {

using ssh::Errc;
using ssh::WireReader;
using ssh::WireWriter;
using StringMap = std::map<std::string, std::string>;

// The agent comes with the daemon that starts it, so that there is nothing to negotiate.
constexpr std::uint32_t version = 2;
constexpr std::array<std::string_view, 3> file_transfers{"internal", "auto", "image"};

void write_map(WireWriter& writer, const StringMap& map) {
  writer.u32(static_cast<std::uint32_t>(map.size()));
  for (const auto& [key, value] : map) writer.string(key).string(value);
}

// Everything becomes an argument, a variable or a path of a program, where NUL would end it.
class SetupReader {
 public:
  explicit SetupReader(ssh::Bytes payload) noexcept : reader_(payload) {}

  std::string text() {
    const std::string_view value = reader_.text();
    if (value.find('\0') != std::string_view::npos) good_ = false;
    return std::string(value);
  }

  std::uint16_t port() {
    const std::uint32_t value = reader_.u32();
    if (value > 65535) good_ = false;
    return static_cast<std::uint16_t>(value);
  }

  // Counts are not believed: the loop ends with the bytes.
  std::vector<std::string> list() {
    std::vector<std::string> values;
    for (std::uint32_t left = reader_.u32(); left > 0 && ok(); --left) values.push_back(text());
    return values;
  }

  StringMap map() {
    StringMap values;
    for (std::uint32_t left = reader_.u32(); left > 0 && ok(); --left) {
      std::string key = text();
      if (key.empty() || key.find('=') != std::string::npos) good_ = false;
      if (!values.emplace(std::move(key), text()).second) good_ = false;
    }
    return values;
  }

  std::uint32_t u32() { return reader_.u32(); }
  [[nodiscard]] bool ok() const noexcept { return good_ && reader_.ok(); }
  [[nodiscard]] bool done() const noexcept { return good_ && reader_.done(); }

 private:
  WireReader reader_;
  bool good_ = true;
};

}  // namespace

bool is_file_path(std::string_view path) noexcept {
  if (!path.starts_with('/') || path.size() >= PATH_MAX || path.find('\0') != std::string_view::npos)
    return false;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto part = path.substr(0, path.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    path.remove_prefix(part.size());
  }
  return true;
}

std::vector<std::byte> Setup::encode() const {
  ssh::ByteBuffer buffer;
  WireWriter writer(buffer);
  writer.u32(version).string(user).string(login_name).string(working_directory);
  writer.u32(static_cast<std::uint32_t>(shell_command.size()));
  for (const auto& word : shell_command) writer.string(word);
  write_map(writer, environment);
  write_map(writer, fixed_environment);
  writer.string(client_address).string(server_address).u32(client_port).u32(server_port);
  write_map(writer, subsystems);
  writer.string(file_transfer);
  const ssh::Bytes bytes = buffer.readable();
  return {bytes.begin(), bytes.end()};
}

ssh::Result<Setup> Setup::decode(ssh::Bytes payload) {
  SetupReader reader(payload);
  if (reader.u32() != version) return ssh::failure(Errc::bad_message, "setup: version");
  Setup setup;
  setup.user = reader.text();
  setup.login_name = reader.text();
  setup.working_directory = reader.text();
  setup.shell_command = reader.list();
  setup.environment = reader.map();
  setup.fixed_environment = reader.map();
  setup.client_address = reader.text();
  setup.server_address = reader.text();
  setup.client_port = reader.port();
  setup.server_port = reader.port();
  setup.subsystems = reader.map();
  setup.file_transfer = reader.text();
  if (!reader.done()) return ssh::failure(Errc::bad_message, "setup");
  if (std::ranges::find(file_transfers, setup.file_transfer) == file_transfers.end())
    return ssh::failure(Errc::bad_message, "setup: file transfer");
  return setup;
}

}  // namespace fairlead::link
