// SPDX-License-Identifier: Apache-2.0
// The agent's SFTP server and scp as programs, used by OpenSSH's sftp and scp.
#include "agent_process.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>

namespace fairlead::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct Ran {
  int status = -1;
  std::string text;  // standard output and error
};

Ran run(const std::string& command) {
  Ran ran;
  FILE* pipe = ::popen(("exec 2>&1 </dev/null; " + command).c_str(), "r");
  std::array<char, 4096> part{};
  for (std::size_t got = 0; (got = std::fread(part.data(), 1, part.size(), pipe)) > 0;)
    ran.text.append(part.data(), got);
  ran.status = ::pclose(pipe);
  return ran;
}

std::string file_content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Every file below with its mode and its content (a directory's is its mode alone).
std::map<std::string, std::string> snapshot(const fs::path& top, bool with_times = false) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(top)) {
    struct stat status{};
    EXPECT_EQ(::stat(entry.path().c_str(), &status), 0);
    files[fs::relative(entry.path(), top)] = std::to_string(status.st_mode) + ' ' +
                                             (with_times ? std::to_string(status.st_mtime) : "") + ' ' +
                                             (entry.is_directory() ? "" : file_content(entry.path()));
  }
  return files;
}

class FileTransfer : public testing::Test {
 protected:
  void SetUp() override {
    ::umask(022);
    fs::create_directories(top_ / "tree/sub dir/deep");
    write("tree/empty", "");
    write("tree/sub dir/ünïcode \"quoted\"", "text\n");
    write("tree/sub dir/deep/tool", "#!/bin/sh\n");
    fs::permissions(top_ / "tree/sub dir/deep/tool", fs::perms(0750));
    fs::permissions(top_ / "tree/sub dir", fs::perms(0711));
    std::string noise(3'000'001, '\0');
    std::mt19937 random(7);
    std::ranges::generate(noise, [&] { return static_cast<char>(random()); });
    write("tree/noise", noise);
    for (const auto* name : {"tree/noise", "tree/sub dir"})
      fs::last_write_time(top_ / name, fs::file_time_type(std::chrono::file_clock::from_sys(
                                           std::chrono::sys_seconds(std::chrono::seconds(1'500'000'000)))));
    fs::create_directory(top_ / "there");
    make_wrapper(FAIRLEAD_AGENT);
  }

  void write(const std::string& name, const std::string& content) const {
    std::ofstream(top_ / name, std::ios::binary) << content;
  }
  // What scp takes for ssh: the last word is the remote command. eval is the remote side's shell.
  void make_wrapper(const std::string& agent) {
    agent_ = agent;
    write("ssh", "#!/bin/sh\nfor last; do :; done\ncd " + (top_ / "there") + "\neval \"exec " + agent +
                     " $last\"\n");
    fs::permissions(top_ / "ssh", fs::perms(0755));
  }
  Ran sftp(const std::string& batch) const {
    write("batch", batch);
    return run("cd " + (top_ / "there") + " && sftp -D '" + agent_ + " sftp-server' -b " + (top_ / "batch"));
  }
  Ran scp(const std::string& words) const {
    return run("cd " + top_.path() + " && scp -O -S " + (top_ / "ssh") + ' ' + words);
  }
  // The remote half alone, with these bytes for standard input.
  Ran scp_half(const std::string& words, const std::string& input) const {
    write("input", input);
    return run("cd " + (top_ / "there") + " && " + agent_ + " scp " + words + " <" + (top_ / "input"));
  }

  TemporaryDirectory top_;
  std::string agent_;
};

TEST_F(FileTransfer, SftpPutsAndGetsTrees) {
  const auto done = sftp("put -rp " + (top_ / "tree") + " up\nget -rp up " + (top_ / "back") + "\n");
  EXPECT_EQ(done.status, 0) << done.text;
  EXPECT_EQ(snapshot(top_ / "tree", true), snapshot(top_ / "there/up", true));
  EXPECT_EQ(snapshot(top_ / "tree", true), snapshot(top_ / "back", true));
}

TEST_F(FileTransfer, SftpDoesEverythingItsClientKnows) {
  write("there/a", "aaaa");
  const auto done = sftp(
      "ls -la\nrename a b\nsymlink b link\nln b hard\nchmod 640 b\ncp b copy\nmkdir d\nrmdir d\ndf\ndf -h\n"
      "!echo aa > ../part\nreget copy ../part\nrm hard\npwd\n-ls /nonexistent\n-mkdir copy\ncd /\nls -l " +
      (top_ / "there") + "\n");
  EXPECT_EQ(done.status, 0) << done.text;
  EXPECT_EQ(fs::read_symlink(top_ / "there/link"), "b");
  EXPECT_EQ(file_content(top_ / "there/copy"), "aaaa");
  EXPECT_EQ(file_content(top_ / "part"), "aa\na");  // reget goes on where the local file ends
  EXPECT_FALSE(fs::exists(top_ / "there/hard"));
  EXPECT_THAT(done.text, HasSubstr("Remote working directory: " + (top_ / "there")));
  EXPECT_THAT(done.text, HasSubstr("Can't ls: \"/nonexistent\" not found"));
  EXPECT_THAT(done.text, HasSubstr("-rw-r-----"));
  EXPECT_THAT(done.text, HasSubstr("%Capacity"));
}

TEST_F(FileTransfer, SftpServerEndsWithItsInput) {
  EXPECT_EQ(run(agent_ + " sftp-server").status, 0);
  const auto garbage = run("echo 'GET / HTTP/1.0' | (" + agent_ + " sftp-server; echo $?)");
  EXPECT_THAT(garbage.text, HasSubstr("this is not the SFTP protocol\n1\n"));
}

TEST_F(FileTransfer, ScpBothWays) {
  const auto up = scp("-rp tree h:up");
  EXPECT_EQ(up.status, 0) << up.text;
  EXPECT_EQ(snapshot(top_ / "tree", true), snapshot(top_ / "there/up", true));
  const auto down = scp("-rp h:up back");
  EXPECT_EQ(down.status, 0) << down.text;
  EXPECT_EQ(snapshot(top_ / "tree", true), snapshot(top_ / "back", true));
}

TEST_F(FileTransfer, ScpIntoExistingDirectoriesAndOverFiles) {
  write("there/noise", std::string(4'000'000, 'x'));  // longer: its end must go
  EXPECT_EQ(scp("tree/noise tree/empty h:").status, 0);
  EXPECT_EQ(file_content(top_ / "there/noise"), file_content(top_ / "tree/noise"));
  EXPECT_EQ(file_content(top_ / "there/empty"), "");
  EXPECT_EQ(scp("-r tree h:").status, 0);
  EXPECT_EQ(snapshot(top_ / "there/tree"), snapshot(top_ / "tree"));
  EXPECT_EQ(scp("-r tree h:").status, 0);  // once more over itself
}

TEST_F(FileTransfer, ScpFailuresAreToldAndTheRestIsDone) {
  fs::create_directory(top_ / "back");
  write("there/good", "good");
  const auto missing = scp("h:nothing h:good back");
  EXPECT_NE(missing.status, 0);
  EXPECT_THAT(missing.text, HasSubstr("scp: nothing: No such file or directory"));
  EXPECT_EQ(file_content(top_ / "back/good"), "good");
  EXPECT_THAT(scp("h:. back").text, HasSubstr("not a regular file"));
  EXPECT_THAT(scp("tree/empty tree/noise h:good").text, HasSubstr("scp: good: Not a directory"));
  EXPECT_THAT(scp("tree/empty h:no/such").text, HasSubstr("scp: no/such: No such file or directory"));
  EXPECT_THAT(scp("-r tree h:good").text, HasSubstr("scp: good: Not a directory"));
}

TEST_F(FileTransfer, ScpExpandsWildcardsItself) {
  for (const auto* name : {"a.txt", "b.txt", "c.dat"}) write(std::string("there/") + name, name);
  fs::create_directory(top_ / "back");
  const std::string ok(1, '\0');
  // No shell in between.
  const auto sent = scp_half("-f '?.t*'", ok + ok + ok + ok + ok);
  EXPECT_EQ(sent.status, 0);
  EXPECT_EQ(sent.text, "C0644 5 a.txt\na.txt" + ok + "C0644 5 b.txt\nb.txt" + ok);
}

TEST_F(FileTransfer, ScpRefusesNamesThatLeaveTheDirectory) {
  for (const std::string name : {"../evil", "..", ".", "/tmp/evil", "sub/evil", ""}) {
    const auto ended = scp_half("-rt .", "C0644 4 " + name + "\nevil" + std::string(1, '\0'));
    EXPECT_NE(ended.status, 0) << name;
    EXPECT_THAT(ended.text, HasSubstr("\1scp: protocol error"));
    EXPECT_NE(scp_half("-rt .", "D0755 0 " + name + "\nE\n").status, 0) << name;
  }
  EXPECT_TRUE(fs::is_empty(top_ / "there"));
  EXPECT_FALSE(fs::exists(top_ / "evil"));
}

TEST_F(FileTransfer, ScpRefusesWhatIsNotTheProtocol) {
  for (const std::string input : {"hello\n", "C0644 x y\n", "T1 2\n", "D0755 0 dir\n", "Cxxxx 1 a\n"}) {
    const auto ended = scp_half("-t .", input);
    EXPECT_NE(ended.status, 0) << input;
    EXPECT_THAT(ended.text, HasSubstr("\1scp: ")) << input;
  }
  EXPECT_NE(scp_half("-t .", "C0644 10 cut\nhalf").status, 0);
  EXPECT_NE(scp_half("-t .", std::string(100'000, 'x')).status, 0);
  EXPECT_NE(scp_half("-x", "").status, 0);
  EXPECT_NE(scp_half("-t -f x", "").status, 0);
  EXPECT_NE(scp_half("-t a b", "").status, 0);
}

TEST_F(FileTransfer, ScpKeepsModesAndTimesOnlyWithP) {
  const std::string ok(1, '\0');
  EXPECT_EQ(scp_half("-t plain", "C4777 1 f\nx" + ok).status, 0);
  struct stat status{};
  ASSERT_EQ(::stat((top_ / "there/plain").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0755u);
  EXPECT_EQ(scp_half("-pt kept", "T1500000000 0 1400000000 0\nC2777 1 f\nx" + ok).status, 0);
  ASSERT_EQ(::stat((top_ / "there/kept").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 02777u);
  EXPECT_EQ(status.st_mtime, 1'500'000'000);
  EXPECT_EQ(status.st_atime, 1'400'000'000);
}

TEST_F(FileTransfer, ScpSurvivesLinksInACircle) {
  fs::create_directory(top_ / "there/dir");
  fs::create_directory_symlink(".", top_ / "there/dir/self");
  const auto ended = scp("-r h:dir back");
  EXPECT_NE(ended.status, 0);
  EXPECT_THAT(ended.text, HasSubstr("Too many levels of symbolic links"));
}

// An image with nothing in it, as nobody in particular.
class ScratchFileTransfer : public FileTransfer {
 protected:
  void SetUp() override {
#ifdef FAIRLEAD_DYNAMIC_AGENT
    GTEST_SKIP() << "a dynamic program does not run in an empty image";
#endif
    if (::geteuid() != 0) GTEST_SKIP() << "needs root for chroot";
    FileTransfer::SetUp();
    fs::copy_file(FAIRLEAD_AGENT, top_ / "there/agent");
    fs::create_directory(top_ / "there/data");
    ASSERT_EQ(::chown((top_ / "there/data").c_str(), 4711, 4711), 0);
    make_wrapper("chroot --userspec=4711:4711 " + (top_ / "there") + " /agent");
  }
};

TEST_F(ScratchFileTransfer, Sftp) {
  const auto done = sftp("cd /data\nput -rp " + (top_ / "tree") +
                         " up\nls -l up\ncp up/noise up/copy\nrm up/copy\n"
                         "get -rp up " +
                         (top_ / "back") + "\ndf\n-put " + (top_ / "batch") + " /refused\n");
  EXPECT_EQ(done.status, 0) << done.text;
  EXPECT_EQ(snapshot(top_ / "tree", true), snapshot(top_ / "back", true));
  EXPECT_THAT(done.text, HasSubstr("/refused\": Permission denied"));
}

TEST_F(ScratchFileTransfer, Scp) {
  const auto up = scp("-rp tree h:/data/up");
  EXPECT_EQ(up.status, 0) << up.text;
  const auto down = scp("-rp h:/data/up back");
  EXPECT_EQ(down.status, 0) << down.text;
  EXPECT_EQ(snapshot(top_ / "tree", true), snapshot(top_ / "back", true));
}

}  // namespace
}  // namespace fairlead::test
