// SPDX-License-Identifier: Apache-2.0
// Boxes for tests.
#include "unit/backend/oci/box_fixture.hpp"

#include "backend/oci/demo_image.hpp"
#include "backend/oci/tree.hpp"
#include "support/run_task.hpp"

#include <fairlead/ssh/requests.hpp>

#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace fairlead::test {

namespace fs = std::filesystem;
using backend::Box;

namespace {

// Empty when the process has gone meanwhile.
std::string words(const fs::path& file) {
  std::ostringstream text;
  std::ifstream in(file);
  if (in) text << in.rdbuf();
  return text.str();
}

// The unpacked demo image, made once for all tests: that takes longer than any of them.
struct SharedImages {
  SharedImages() {
    std::string name = (fs::temp_directory_path() / "fairlead-images-XXXXXX").string();
    if (::mkdtemp(name.data())) directory = name;
  }
  ~SharedImages() {
    if (directory.empty()) return;
    try {
      backend::oci::Ids::detect()
          ->fork([this]() -> std::string {
            return backend::oci::remove_tree(directory.string()) == 0 ? "" : "stays";
          })
          .finish("remove the tests' images", "");
    } catch (const backend::BackendError& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
  }
  SharedImages(const SharedImages&) = delete;
  SharedImages& operator=(const SharedImages&) = delete;
  fs::path directory;
};
const fs::path& shared_images() {
  static const SharedImages images;
  return images.directory;
}

}  // namespace

void KeptLog::write(observe::Level, std::string_view code, std::string_view message,
                    const std::vector<observe::Label>& labels) {
  const std::scoped_lock guard(mutex_);
  std::string line = std::string(code) + " " + std::string(message);
  for (const auto& label : labels)
    if (const auto* text = std::get_if<std::string>(&label.value)) line += " " + label.name + "=" + *text;
  if (std::getenv("FAIRLEAD_TEST_LOG")) std::fprintf(stderr, "%s\n", line.c_str());
  text_ += line + "\n";
}

bool KeptLog::has(std::string_view code) const {
  const std::scoped_lock guard(mutex_);
  return text_.contains(code);
}

void BoxTest::SetUp() {
  std::string name = (fs::temp_directory_path() / "fairlead-box-XXXXXX").string();
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  ::chmod(name.c_str(), 0711);
  state_ = name;
  fs::create_directory_symlink(shared_images(), state_ / "images");
  config_.state_directory = name;
  config_.instance = "test" + std::to_string(::getpid());
  // An agent built with sanitizers does not run in a box, which has neither their files nor their rights.
  const char* agent = std::getenv("FAIRLEAD_TEST_AGENT");
  config_.agent_path = agent ? agent : FAIRLEAD_AGENT;
}

std::string BoxTest::end_of_backend() {
  run_task(io_, backend_->shutdown());
  std::string left = traces();
  backend_.reset();
  return left;
}

void BoxTest::TearDown() {
  const auto ids = backend_ && backend_->host() ? backend_->host()->ids : nullptr;
  if (ids) {
    EXPECT_EQ(end_of_backend(), "");
  }
  backend_.reset();
  const auto remove = [this]() -> std::string {
    return backend::oci::remove_tree(state_.string()) == 0 ? "" : "stays";
  };
  if (ids)
    ids->fork(remove).finish("remove the test's files", "");
  else
    (void)remove();
}

void BoxTest::prepare() {
  try {
    if (config_.oci.image.empty()) config_.oci.image = backend::oci::make_demo_image(shared_images());
    backend_ = std::make_unique<backend::oci::OciBackend>(config_, observe::Log(log_, observe::Level::debug));
    run_task(io_, backend_->prepare());
  } catch (const backend::BackendError& error) {
    backend_.reset();
    GTEST_SKIP() << "SKIPPED, no boxes on this machine: " << error.what();
  }
}

std::unique_ptr<Box> BoxTest::launch() {
  return launch(config_);
}

backend::Login alices_login(const config::Config& config, std::shared_ptr<KeptLog> log) {
  backend::Login login;
  login.connection_id = "0123456789abcdef0123456789abcdef";
  login.user = "alice";
  login.remote_address = "192.0.2.1";
  login.remote_port = 50000;
  login.local_address = "192.0.2.2";
  login.local_port = 22;
  login.config = std::make_shared<const config::Config>(config);
  login.log = observe::Log(std::move(log), observe::Level::debug);
  return login;
}

backend::Login BoxTest::login(const config::Config& config) const {
  return alices_login(config, log_);
}

std::unique_ptr<Box> BoxTest::launch(const config::Config& config) {
  return run_task(io_, backend_->launch(login(config)));
}

ssh::Task<Ran> run_in(ssh::Connection connection, std::string command) {
  auto opened = co_await connection.open_channel("session");
  if (!opened) throw std::runtime_error("session refused: " + opened.error().text);
  ssh::Channel channel = opened->channel;
  const ssh::ExecRequest request{std::move(command)};
  if (!co_await channel.request("exec", request.encode())) throw std::runtime_error("exec refused");
  channel.close_write();
  Ran ran;
  std::vector<std::byte> buffer(32 * 1024);
  for (;;) {
    const ssh::Chunk chunk = co_await channel.read_chunk(buffer);
    if (chunk.size == 0) break;
    auto& text = chunk.type == ssh::StreamType::standard ? ran.out : ran.err;
    text += ssh::as_text(ssh::Bytes(buffer).first(chunk.size));
  }
  while (auto end = co_await opened->requests.next()) {
    if (end->name() == "exit-status") {
      const auto body = end->parse<ssh::ExitStatusRequest>();
      if (body) ran.status = body->status;
    } else if (end->name() == "exit-signal") {
      const auto body = end->parse<ssh::ExitSignalRequest>();
      if (body) ran.signal = body->name;
    }
  }
  channel.close();
  co_return ran;
}

Ran BoxTest::run(Box& box, const std::string& command) {
  return run_task(io_, run_in(box.peer().connection, command));
}
void BoxTest::remove(Box& box) {
  run_task(io_, box.remove());
}
std::string BoxTest::end_reason(Box& box) {
  return run_task(io_, box.end_reason());
}

std::string BoxTest::traces() const {
  std::string found;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(state_ / "boxes" / config_.instance, code))
    found += "directory " + entry.path().string() + "\n";
  for (const auto& entry : fs::directory_iterator(state_ / "journal" / config_.instance, code))
    if (entry.path().filename() != "lock") found += "journal " + entry.path().string() + "\n";
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);)
    if (line.contains(state_.string() + "/")) found += "mount " + line + "\n";
  for (const auto& mount : fs::directory_iterator("/sys/fs/cgroup", code)) {
    const fs::path group = mount.path() / "fairlead" / config_.instance;
    for (const auto& entry : fs::directory_iterator(group, code))
      if (entry.is_directory()) found += "control group " + entry.path().string() + "\n";
  }
  for (const auto& process : fs::directory_iterator("/proc", code)) {
    const std::string number = process.path().filename();
    if (number.find_first_not_of("0123456789") != std::string::npos) continue;
    // A zombie is its parent's to reap, the machine's process 1.
    if (words(process.path() / "stat").contains(") Z ")) continue;
    // By its control group, and where there is none by its root, which lies in the state directory.
    if (words(process.path() / "cgroup").contains("/fairlead/" + config_.instance) ||
        words(process.path() / "mountinfo").contains(state_.string() + "/"))
      found += "process " + number + " " + words(process.path() / "cmdline") + "\n";
  }
  return found;
}

}  // namespace fairlead::test
