// SPDX-License-Identifier: Apache-2.0
// The demo's configuration, users and known_hosts, made for one run in a directory of its own.
#include "daemon/demo.hpp"

#include "auth/password_hash.hpp"
#include "backend/oci/demo_image.hpp"
#include "daemon/server.hpp"
#include "keeper/host_keys.hpp"
#include "observe/sinks.hpp"

#include <fairlead/ssh/keys.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/core.h>

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace fairlead::daemon {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

struct Person {
  std::string name;
  fs::path home;
};

// Whoever typed the command: under sudo that is not root.
Person invoking_person() {
  const char* behind_sudo = ::geteuid() == 0 ? std::getenv("SUDO_USER") : nullptr;
  const passwd* entry = behind_sudo != nullptr ? ::getpwnam(behind_sudo) : ::getpwuid(::geteuid());
  if (entry == nullptr) return {"demo", {}};
  return {entry->pw_name, entry->pw_dir};
}

// Lines of ~/.ssh/*.pub that are keys we accept.
json::array public_keys_of(const Person& person) {
  json::array keys;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(person.home / ".ssh", ignored)) {
    if (entry.path().extension() != ".pub") continue;
    std::ifstream file(entry.path());
    std::string line;
    if (std::getline(file, line) && ssh::PublicKey::from_text(line)) keys.emplace_back(line);
  }
  return keys;
}

// 20 letters and digits that are hard to confuse: about 100 bits.
std::string one_time_password() {
  constexpr std::string_view letters = "abcdefghijkmnpqrstuvwxyz23456789";
  std::array<unsigned char, 20> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw std::runtime_error("the system has no random bytes");
  std::string password;
  for (const unsigned char byte : bytes) password += letters[byte % letters.size()];
  return password;
}

std::string users_text(const Person& person, const std::string& password) {
  const auto hash = auth::hash_password(ssh::as_bytes(password));
  if (!hash) throw std::runtime_error(hash.error());
  const json::object user{{"password", *hash}, {"authorizedKeys", public_keys_of(person)}};
  return json::serialize(json::object{{"users", json::object{{person.name, user}}}});
}

config::Config demo_config(const DemoOptions& options) {
  config::Config config;
  config.file = "demo";
  config.instance = "demo-" + std::to_string(options.port);
  config.state_directory = (fs::path(config::state_directory(config)) / config.instance).string();
  config.ssh.listen = "127.0.0.1:" + std::to_string(options.port);
  config.ssh.shutdown_grace = config::Duration(0);  // Ctrl-C means now
  config.auth.password_method = config.auth.public_key_method = "local";
  config.backend = options.backend;
  config.oci.image = options.image;
  if (!options.image.empty()) config.docker.container["Image"] = options.image;
  return config;
}

std::string write_known_hosts(const config::Config& config, const observe::Log& log) {
  // That they are made is what a demo wants; a newcomer's first lines are no warnings.
  const auto keys = keeper::load_host_keys(config.ssh, config.state_directory, log.at(observe::Level::error));
  if (!keys) throw std::runtime_error(keys.error().front());
  const std::string path = config.state_directory + "/known_hosts";
  const std::string port = config.ssh.listen.substr(config.ssh.listen.rfind(':') + 1);
  const std::string host = port == "22" ? "127.0.0.1" : "[127.0.0.1]:" + port;
  std::ofstream file(path, std::ios::trunc);
  for (const ssh::PrivateKey& key : *keys) file << host << ' ' << key.public_key().text() << '\n';
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
  return path;
}

std::string shell_word(const std::string& text) {
  if (text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=:@") ==
      std::string::npos)
    return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

// Everything of one run; removed when the run ends. One left by a crash is taken over, one in use is not.
class RunDirectory {
 public:
  explicit RunDirectory(const config::Config& config) : path_(config.state_directory) {
    fs::create_directories(path_);
    lock_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock_ < 0 || ::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      if (lock_ >= 0) ::close(lock_);
      throw std::runtime_error(error == EWOULDBLOCK ? config.ssh.listen + " is in use by another demo"
                                                    : "cannot use " + path_ + ": " + std::strerror(error));
    }
    fs::permissions(path_, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);
  }
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;
  ~RunDirectory() {
    std::error_code failure;
    fs::remove_all(path_, failure);
    if (failure) fmt::print(stderr, "fairlead: cannot remove {}: {}\n", path_, failure.message());
    ::close(lock_);
  }

 private:
  std::string path_;
  int lock_ = -1;
};

void print_ready(const Person& person, const DemoOptions& options, const std::string& known_hosts,
                 const std::string& password) {
  const std::string port = options.port == 22 ? "" : fmt::format("-p {} ", options.port);
  fmt::print("\nEvery login lands in a container of its own. Stop with Ctrl-C; nothing stays behind.\n\n");
  fmt::print("ready: ssh {}-o UserKnownHostsFile={} {}@127.0.0.1\n", port, shell_word(known_hosts),
             shell_word(person.name));
  fmt::print("password: {}\n\n", password);
  std::fflush(stdout);
}

}  // namespace

int run_demo(const DemoOptions& options) {
  const observe::Log log(observe::descriptor_sink(STDERR_FILENO, observe::LineFormat::text),
                         observe::Level::notice);
  config::Config config = demo_config(options);
  const RunDirectory directory(config);
  if (config.oci.image.empty() && options.backend == "oci")
    config.oci.image = backend::oci::make_demo_image(config.state_directory).string();

  const Person person = invoking_person();
  const std::string password = one_time_password();
  auto settings = make_settings_with_users(std::move(config), users_text(person, password));
  if (!settings) {
    for (const std::string& error : settings.error()) fmt::print(stderr, "fairlead: {}\n", error);
    return 1;
  }
  const std::string known_hosts = write_known_hosts(*(*settings)->config, log);
  return serve(*settings, log, {.reload = {}, .ready = [&](const std::string&) {
                                  print_ready(person, options, known_hosts, password);
                                }});
}

}  // namespace fairlead::daemon
