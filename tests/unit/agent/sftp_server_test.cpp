// SPDX-License-Identifier: Apache-2.0
// The SFTP server's core against hand-made packets: every request, well made and badly made.
#include "agent_process.hpp"
#include "sftp_client.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace fairlead::test {
namespace {

namespace sftp = agent::sftp;
namespace flag = agent::sftp::open_flag;

class SftpServerTest : public testing::Test {
 protected:
  void SetUp() override { make_file("file", "content"); }

  std::string path(const std::string& name) const { return directory_ / name; }
  void make_file(const std::string& name, const std::string& content) const {
    std::ofstream(path(name)) << content;
  }
  std::string content(const std::string& name) const {
    std::ifstream file(path(name), std::ios::binary);
    EXPECT_TRUE(file) << name;
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string open(const std::string& name, std::uint32_t flags) {
    const auto answer = client_.open(path(name), flags);
    EXPECT_EQ(answer.type, Message::handle);
    return answer.text();
  }
  Answer two_paths(Message type, const std::string& first, const std::string& second) {
    return client_.ask(type, [&](ssh::WireWriter& writer) { writer.string(first).string(second); });
  }
  Answer set(Message type, const std::string& target, const Attributes& attributes) {
    return client_.ask(type, [&](ssh::WireWriter& writer) {
      writer.string(target);
      attributes.encode(writer);
    });
  }
  struct stat status(const std::string& name) const {
    struct stat result{};
    EXPECT_EQ(::lstat(path(name).c_str(), &result), 0) << name;
    return result;
  }

  TemporaryDirectory directory_;
  SftpClient client_;
};

TEST_F(SftpServerTest, VersionThreeWithOpensshsExtensions) {
  EXPECT_EQ(client_.version().type, Message::version);
  EXPECT_EQ(client_.version().id, 3u);
  ssh::WireReader reader(ssh::as_bytes(client_.version().body));
  std::set<std::string> extensions;
  while (!reader.rest().empty()) {
    const std::string name(reader.text());
    extensions.insert(name + ' ' + std::string(reader.text()));
  }
  EXPECT_TRUE(reader.done());
  EXPECT_THAT(extensions, testing::UnorderedElementsAre(
                              "posix-rename@openssh.com 1", "statvfs@openssh.com 2", "fstatvfs@openssh.com 2",
                              "hardlink@openssh.com 1", "fsync@openssh.com 1", "lsetstat@openssh.com 1",
                              "limits@openssh.com 1", "expand-path@openssh.com 1", "copy-data 1",
                              "home-directory 1", "users-groups-by-id@openssh.com 1"));
}

TEST_F(SftpServerTest, NothingIsServedBeforeInit) {
  ssh::ByteBuffer output;
  sftp::SftpServer server(output);
  const auto request = packet_of(Message::realpath, [](auto& writer) { writer.u32(1).string("."); });
  EXPECT_FALSE(server.receive(ssh::as_bytes(request)));
  EXPECT_TRUE(output.empty());
}

TEST_F(SftpServerTest, ReadsAtAnyOffsetUntilTheEnd) {
  const auto handle = open("file", flag::read);
  EXPECT_EQ(client_.read(handle, 0, 100).text(), "content");
  EXPECT_EQ(client_.read(handle, 3, 2).text(), "te");
  EXPECT_EQ(client_.read(handle, 7, 100).status(), StatusCode::eof);
  EXPECT_EQ(client_.read(handle, UINT64_MAX, 1).status(), StatusCode::bad_message);
  EXPECT_EQ(client_.read(handle, 0, 0).type, Message::data);
  EXPECT_EQ(client_.with_path(Message::close, handle).status(), StatusCode::ok);
  EXPECT_EQ(client_.read(handle, 0, 1).status(), StatusCode::failure);
}

TEST_F(SftpServerTest, AReadIsAtMost255KiB) {
  make_file("big", std::string(300'000, 'x'));
  const auto handle = open("big", flag::read);
  EXPECT_EQ(client_.read(handle, 0, UINT32_MAX).text().size(), 255u * 1024);
  EXPECT_EQ(client_.read(handle, 261'120, UINT32_MAX).text().size(), 300'000u - 261'120);
}

TEST_F(SftpServerTest, WritesWhereItIsTold) {
  const auto handle = open("new", flag::write | flag::create);
  EXPECT_EQ(client_.write(handle, 4, "five").status(), StatusCode::ok);
  EXPECT_EQ(client_.write(handle, 0, "four").status(), StatusCode::ok);
  EXPECT_EQ(content("new"), "fourfive");
  EXPECT_EQ(client_.write(handle, UINT64_MAX, "x").status(), StatusCode::bad_message);
  EXPECT_EQ(client_.read(handle, 0, 1).status(), StatusCode::no_such_file);  // EBADF, as OpenSSH maps it
}

TEST_F(SftpServerTest, AppendGoesToTheEndWhateverTheOffset) {
  const auto handle = open("file", flag::write | flag::append);
  EXPECT_EQ(client_.write(handle, 0, "+more").status(), StatusCode::ok);
  EXPECT_EQ(content("file"), "content+more");
}

TEST_F(SftpServerTest, CreateTruncateAndExclusive) {
  EXPECT_EQ(client_.open(path("nothing"), flag::read).status(), StatusCode::no_such_file);
  EXPECT_EQ(client_.open(path("file"), flag::write | flag::create | flag::exclusive).status(),
            StatusCode::failure);
  (void)open("file", flag::read | flag::write | flag::truncate);
  EXPECT_EQ(content("file"), "");
  Attributes attributes;
  attributes.permissions = 0640;
  EXPECT_EQ(client_.open(path("made"), flag::write | flag::create | flag::exclusive, attributes).type,
            Message::handle);
  EXPECT_EQ(status("made").st_mode & 07777, 0640u);
}

TEST_F(SftpServerTest, HandlesAreLimitedAndFreedByClose) {
  std::vector<std::string> handles;
  for (std::size_t i = 0; i < sftp::handles; ++i) handles.push_back(open("file", flag::read));
  EXPECT_EQ(client_.open(path("file"), flag::read).status(), StatusCode::failure);
  EXPECT_EQ(client_.with_path(Message::opendir, directory_.path()).status(), StatusCode::failure);
  EXPECT_EQ(client_.with_path(Message::close, handles[50]).status(), StatusCode::ok);
  EXPECT_EQ(client_.with_path(Message::close, handles[50]).status(), StatusCode::failure);
  EXPECT_EQ(open("file", flag::read), handles[50]);
}

TEST_F(SftpServerTest, UnknownHandlesAreRefusedEverywhere) {
  const auto directory = client_.with_path(Message::opendir, directory_.path()).text();
  const auto file = open("file", flag::read);
  for (const std::string& handle :
       {std::string(), std::string("\0\0\0\x63", 4), std::string("\xff\xff\xff\xff"), std::string("abc"),
        std::string(300, 'h'), directory}) {
    EXPECT_EQ(client_.read(handle, 0, 1).status(), StatusCode::failure);
    EXPECT_EQ(client_.write(handle, 0, "x").status(), StatusCode::failure);
    EXPECT_EQ(client_.with_path(Message::fstat, handle).status(), StatusCode::failure);
    EXPECT_EQ(set(Message::fsetstat, handle, {}).status(), StatusCode::failure);
    EXPECT_EQ(client_.extended("fsync@openssh.com", [&](auto& w) { w.string(handle); }).status(),
              StatusCode::failure);
    EXPECT_EQ(client_.extended("fstatvfs@openssh.com", [&](auto& w) { w.string(handle); }).status(),
              StatusCode::failure);
  }
  EXPECT_EQ(client_.with_path(Message::readdir, file).status(), StatusCode::failure);
  EXPECT_EQ(client_.with_path(Message::close, "abc").status(), StatusCode::failure);
}

TEST_F(SftpServerTest, StatFollowsLinksAndLstatDoesNot) {
  std::filesystem::create_symlink("file", path("link"));
  const auto followed = client_.with_path(Message::stat, path("link")).attributes();
  EXPECT_EQ(followed.size, 7u);
  EXPECT_TRUE(S_ISREG(*followed.permissions));
  EXPECT_EQ(followed.ids->uid, ::geteuid());
  EXPECT_EQ(followed.times->modification, static_cast<std::uint32_t>(status("file").st_mtime));
  EXPECT_TRUE(S_ISLNK(*client_.with_path(Message::lstat, path("link")).attributes().permissions));
  EXPECT_EQ(client_.with_path(Message::fstat, open("file", flag::read)).attributes().size, 7u);
  EXPECT_EQ(client_.with_path(Message::stat, path("nothing")).status(), StatusCode::no_such_file);
  EXPECT_EQ(client_.with_path(Message::stat, path("file") + "/below").status(), StatusCode::no_such_file);
  EXPECT_EQ(client_.with_path(Message::stat, std::string(5000, 'x')).status(), StatusCode::bad_message);
}

TEST_F(SftpServerTest, AttributesAreSetByPathAndByHandle) {
  Attributes wanted;
  wanted.size = 3;
  wanted.permissions = 0600;
  wanted.times = Attributes::Times{1'000'000'000, 1'100'000'000};
  wanted.ids = Attributes::Ids{::geteuid(), ::getegid()};
  EXPECT_EQ(set(Message::setstat, path("file"), wanted).status(), StatusCode::ok);
  EXPECT_EQ(content("file"), "con");
  EXPECT_EQ(status("file").st_mode & 07777, 0600u);
  EXPECT_EQ(status("file").st_mtime, 1'100'000'000);
  EXPECT_EQ(set(Message::setstat, path("nothing"), wanted).status(), StatusCode::no_such_file);
  wanted.size = 10;
  wanted.permissions = 0644;
  EXPECT_EQ(set(Message::fsetstat, open("file", flag::write), wanted).status(), StatusCode::ok);
  EXPECT_EQ(content("file"), std::string("con\0\0\0\0\0\0\0", 10));
  wanted.size = UINT64_MAX;
  EXPECT_EQ(set(Message::setstat, path("file"), wanted).status(), StatusCode::bad_message);
}

TEST_F(SftpServerTest, LsetstatChangesTheLinkItself) {
  std::filesystem::create_symlink("file", path("link"));
  const auto before = status("file").st_mtime;
  Attributes times;
  times.times = Attributes::Times{1'000'000'000, 1'000'000'000};
  const auto lsetstat = [&](const Attributes& attributes) {
    return client_.extended("lsetstat@openssh.com", [&](ssh::WireWriter& writer) {
      writer.string(path("link"));
      attributes.encode(writer);
    });
  };
  EXPECT_EQ(lsetstat(times).status(), StatusCode::ok);
  EXPECT_EQ(status("link").st_mtime, 1'000'000'000);
  EXPECT_EQ(status("file").st_mtime, before);
  times.size = 1;
  EXPECT_EQ(lsetstat(times).status(), StatusCode::bad_message);
}

TEST_F(SftpServerTest, UnknownExtendedAttributesAreSkippedUpToALimit) {
  const auto extended = [&](std::uint32_t announced, int sent) {
    return client_.ask(Message::setstat, [&](ssh::WireWriter& writer) {
      writer.string(path("file")).u32(sftp::attribute_flag::extended).u32(announced);
      for (int i = 0; i < sent; ++i) writer.string("name").string("value");
    });
  };
  EXPECT_EQ(extended(2, 2).status(), StatusCode::ok);
  EXPECT_EQ(extended(2, 1).status(), StatusCode::bad_message);
  EXPECT_EQ(extended(UINT32_MAX, 0).status(), StatusCode::bad_message);
}

TEST_F(SftpServerTest, DirectoriesAreListedInParts) {
  for (int i = 0; i < 250; ++i) make_file("file" + std::to_string(i), "");
  const auto handle = client_.with_path(Message::opendir, directory_.path()).text();
  std::set<std::string> seen;
  for (;;) {
    const auto answer = client_.with_path(Message::readdir, handle);
    if (answer.type == Message::status) {
      EXPECT_EQ(answer.status(), StatusCode::eof);
      break;
    }
    const auto names = answer.names();
    EXPECT_LE(names.size(), sftp::directory_entries);
    for (const auto& name : names) EXPECT_TRUE(seen.insert(name.name).second) << name.name;
  }
  EXPECT_EQ(seen.size(), 253u);  // with ".", ".." and "file"
  EXPECT_EQ(client_.with_path(Message::opendir, path("file")).status(), StatusCode::no_such_file);
}

TEST_F(SftpServerTest, LongNamesLookLikeLs) {
  const auto handle = client_.with_path(Message::opendir, directory_.path()).text();
  for (const auto& name : client_.with_path(Message::readdir, handle).names())
    if (name.name == "file") {
      EXPECT_THAT(name.long_name, testing::MatchesRegex("-rw-r--r--    1 [^ ]+ +[^ ]+ +7 ... .. ..:.. file"));
      EXPECT_EQ(name.attributes.size, 7u);
    }
}

TEST_F(SftpServerTest, MakesAndRemoves) {
  Attributes mode;
  mode.permissions = 0711;
  EXPECT_EQ(set(Message::mkdir, path("dir"), mode).status(), StatusCode::ok);
  EXPECT_EQ(status("dir").st_mode & 07777, 0711u);
  EXPECT_EQ(set(Message::mkdir, path("dir"), {}).status(), StatusCode::failure);
  EXPECT_NE(client_.with_path(Message::remove, path("dir")).status(), StatusCode::ok);
  EXPECT_EQ(client_.with_path(Message::rmdir, path("dir")).status(), StatusCode::ok);
  EXPECT_EQ(client_.with_path(Message::rmdir, path("dir")).status(), StatusCode::no_such_file);
  EXPECT_EQ(client_.with_path(Message::remove, path("file")).status(), StatusCode::ok);
  EXPECT_FALSE(std::filesystem::exists(path("file")));
}

TEST_F(SftpServerTest, RenameNeverReplacesAndPosixRenameDoes) {
  make_file("other", "other");
  EXPECT_EQ(two_paths(Message::rename, path("file"), path("other")).status(), StatusCode::failure);
  EXPECT_EQ(content("other"), "other");
  EXPECT_EQ(two_paths(Message::rename, path("file"), path("moved")).status(), StatusCode::ok);
  EXPECT_EQ(two_paths(Message::rename, path("file"), path("x")).status(), StatusCode::no_such_file);
  const auto posix = client_.extended("posix-rename@openssh.com", [&](ssh::WireWriter& writer) {
    writer.string(path("moved")).string(path("other"));
  });
  EXPECT_EQ(posix.status(), StatusCode::ok);
  EXPECT_EQ(content("other"), "content");
}

TEST_F(SftpServerTest, SymlinksTakeTheTargetFirst) {
  EXPECT_EQ(two_paths(Message::symlink, "file", path("link")).status(), StatusCode::ok);
  EXPECT_EQ(std::filesystem::read_symlink(path("link")), "file");
  EXPECT_EQ(client_.with_path(Message::readlink, path("link")).names().at(0).name, "file");
  EXPECT_EQ(client_.with_path(Message::readlink, path("file")).status(), StatusCode::bad_message);
}

TEST_F(SftpServerTest, HardLinks) {
  const auto answer = client_.extended("hardlink@openssh.com", [&](ssh::WireWriter& writer) {
    writer.string(path("file")).string(path("hard"));
  });
  EXPECT_EQ(answer.status(), StatusCode::ok);
  EXPECT_EQ(status("file").st_ino, status("hard").st_ino);
}

TEST_F(SftpServerTest, RealpathResolvesAndAllowsAMissingLastPart) {
  const auto real = [&](const std::string& name) {
    const auto answer = client_.with_path(Message::realpath, name);
    return answer.type == Message::name ? answer.names().at(0).name : "status " + answer.body.substr(3, 1);
  };
  const auto top = std::filesystem::canonical(directory_.path()).string();
  std::filesystem::create_directory(path("dir"));
  std::filesystem::create_symlink("dir", path("link"));
  EXPECT_EQ(real(path("link/../file")), top + "/file");
  EXPECT_EQ(real(path("link/")), top + "/dir");
  EXPECT_EQ(real(path("dir/new")), top + "/dir/new");
  EXPECT_EQ(real(path("no/such")), "status \x02");
  EXPECT_EQ(real(""), std::filesystem::current_path());
  EXPECT_EQ(real("/"), "/");
  EXPECT_EQ(real("/new"), "/new");
  std::filesystem::create_symlink("loop", path("loop"));
  EXPECT_EQ(real(path("loop")), "status \x02");
}

TEST_F(SftpServerTest, HomesAreExpanded) {
  ::setenv("HOME", directory_.path().c_str(), 1);
  const auto expand = [&](const std::string& name) {
    return client_.extended("expand-path@openssh.com", [&](auto& writer) { writer.string(name); });
  };
  EXPECT_EQ(expand("~").names().at(0).name, std::filesystem::canonical(directory_.path()));
  EXPECT_EQ(expand("~/file").names().at(0).name, std::filesystem::canonical(path("file")));
  EXPECT_EQ(expand("~no-such-user/x").status(), StatusCode::no_such_file);
  const auto home = [&](const std::string& user) {
    return client_.extended("home-directory", [&](auto& writer) { writer.string(user); });
  };
  EXPECT_EQ(home("").names().at(0).name, directory_.path());
  EXPECT_EQ(home("root").names().at(0).name, "/root");
  EXPECT_EQ(home("no-such-user").status(), StatusCode::failure);
}

TEST_F(SftpServerTest, FileSystemFigures) {
  const auto check = [](const Answer& answer) {
    ASSERT_EQ(answer.type, Message::extended_reply);
    ssh::WireReader reader(ssh::as_bytes(answer.body));
    std::array<std::uint64_t, 11> values{};
    for (auto& value : values) value = reader.u64();
    EXPECT_TRUE(reader.done());
    EXPECT_GT(values[0], 0u);         // block size
    EXPECT_GE(values[2], values[3]);  // free blocks
    EXPECT_GE(values[10], 255u);      // longest name
  };
  check(client_.extended("statvfs@openssh.com", [&](auto& writer) { writer.string(directory_.path()); }));
  const auto handle = open("file", flag::read);
  check(client_.extended("fstatvfs@openssh.com", [&](auto& writer) { writer.string(handle); }));
}

TEST_F(SftpServerTest, LimitsAreTold) {
  const auto answer = client_.extended("limits@openssh.com");
  ssh::WireReader reader(ssh::as_bytes(answer.body));
  EXPECT_EQ(reader.u64(), 262'144u);
  EXPECT_EQ(reader.u64(), 261'120u);
  EXPECT_EQ(reader.u64(), 261'120u);
  EXPECT_EQ(reader.u64(), 100u);
  EXPECT_TRUE(reader.done());
}

TEST_F(SftpServerTest, FilesAreFlushed) {
  const auto handle = open("file", flag::write);
  EXPECT_EQ(client_.extended("fsync@openssh.com", [&](auto& writer) { writer.string(handle); }).status(),
            StatusCode::ok);
}

TEST_F(SftpServerTest, CopiesOnTheServer) {
  const auto from = open("file", flag::read);
  const auto to = open("copy", flag::read | flag::write | flag::create);
  const auto copy = [&](std::uint64_t offset, std::uint64_t length, const std::string& target) {
    return client_
        .extended("copy-data",
                  [&](auto& writer) { writer.string(from).u64(offset).u64(length).string(target).u64(0); })
        .status();
  };
  EXPECT_EQ(copy(0, 0, to), StatusCode::ok);
  EXPECT_EQ(content("copy"), "content");
  EXPECT_EQ(copy(3, 2, to), StatusCode::ok);
  EXPECT_EQ(content("copy"), "tentent");
  EXPECT_EQ(copy(3, 100, to), StatusCode::eof);
  EXPECT_EQ(copy(UINT64_MAX, 1, to), StatusCode::failure);
  EXPECT_EQ(copy(0, 0, from), StatusCode::failure);  // into itself
  const auto appending = open("copy", flag::write | flag::append);
  EXPECT_EQ(copy(0, 0, appending), StatusCode::ok);
  EXPECT_EQ(content("copy"),
            "tentent"
            "content");
}

TEST_F(SftpServerTest, NamesOfUsersAndGroups) {
  const auto ask = [&](std::string_view uids, std::string_view gids) {
    return client_.extended("users-groups-by-id@openssh.com",
                            [&](auto& writer) { writer.string(uids).string(gids); });
  };
  const std::string_view ids("\0\0\0\0\xff\xff\xff\xf0", 8);
  const auto answer = ask(ids, ids.substr(0, 4));
  ssh::WireReader reader(ssh::as_bytes(answer.body));
  EXPECT_EQ(reader.text(), std::string_view("\0\0\0\4root\0\0\0\0", 12));
  EXPECT_EQ(reader.text(), std::string_view("\0\0\0\4root", 8));
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(ask("abc", "").status(), StatusCode::bad_message);
  EXPECT_EQ(ask(std::string(250'000, '\0'), "").status(), StatusCode::bad_message);  // too many names
}

TEST_F(SftpServerTest, UnknownRequestsAreUnsupported) {
  EXPECT_EQ(client_.ask(static_cast<Message>(42)).status(), StatusCode::op_unsupported);
  EXPECT_EQ(client_.ask(Message::status).status(), StatusCode::op_unsupported);
  EXPECT_EQ(client_.extended("nothing@example.com").status(), StatusCode::op_unsupported);
}

TEST_F(SftpServerTest, PathsWithNulAreRefused) {
  EXPECT_EQ(client_.with_path(Message::stat, std::string("/\0x", 3)).status(), StatusCode::bad_message);
  EXPECT_EQ(client_.open(std::string("a\0b", 3), flag::read).status(), StatusCode::bad_message);
}

TEST_F(SftpServerTest, WithoutPermissionItSaysSo) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to change to somebody else";
  std::filesystem::permissions(directory_.path(), std::filesystem::perms(0700));
  ASSERT_EQ(::seteuid(4711), 0);
  const auto answer = client_.open(path("file"), flag::read);
  ASSERT_EQ(::seteuid(0), 0);
  EXPECT_EQ(answer.status(), StatusCode::permission_denied);
}

// Every request, cut off behind each of its bytes: one answer, a bad message, as long as there is an id.
TEST_F(SftpServerTest, TruncatedRequestsAreBadMessages) {
  const std::string handle("\0\0\0\0", 4);
  const auto extended = [](std::string_view name, const Fields& fields) {
    return packet_of(Message::extended, [&](auto& writer) {
      writer.u32(7).string(name);
      fields(writer);
    });
  };
  const auto plain = [](Message type, const Fields& fields) {
    return packet_of(type, [&](auto& writer) {
      writer.u32(7);
      fields(writer);
    });
  };
  const Fields one_path = [](auto& w) { w.string("/nowhere/x"); };
  const Fields two = [](auto& w) { w.string("/nowhere/x").string("/nowhere/y"); };
  const Fields changes = [](auto& w) {
    w.string("/nowhere/x");
    Attributes{.size = 1, .ids = Attributes::Ids{}, .permissions = 0, .times = Attributes::Times{}}.encode(w);
  };
  const std::vector<std::string> requests{
      plain(Message::open, [](auto& w) { w.string("/nowhere/x").u32(1).u32(4).u32(0600); }),
      plain(Message::close, [&](auto& w) { w.string(handle); }),
      plain(Message::read, [&](auto& w) { w.string(handle).u64(0).u32(1); }),
      plain(Message::write, [&](auto& w) { w.string(handle).u64(0).string("data"); }),
      plain(Message::lstat, one_path),
      plain(Message::fstat, [&](auto& w) { w.string(handle); }),
      plain(Message::setstat, changes),
      plain(Message::fsetstat, changes),
      plain(Message::opendir, one_path),
      plain(Message::readdir, one_path),
      plain(Message::remove, one_path),
      plain(Message::mkdir, changes),
      plain(Message::rmdir, one_path),
      plain(Message::realpath, one_path),
      plain(Message::stat, one_path),
      plain(Message::rename, two),
      plain(Message::readlink, one_path),
      plain(Message::symlink, two),
      extended("posix-rename@openssh.com", two),
      extended("statvfs@openssh.com", one_path),
      extended("fstatvfs@openssh.com", one_path),
      extended("hardlink@openssh.com", two),
      extended("fsync@openssh.com", one_path),
      extended("lsetstat@openssh.com", changes),
      extended("expand-path@openssh.com", one_path),
      extended("copy-data", [&](auto& w) { w.string(handle).u64(0).u64(0).string(handle).u64(0); }),
      extended("home-directory", one_path),
      extended("users-groups-by-id@openssh.com", two)};
  for (const auto& request : requests)
    for (std::size_t size = 0; size < request.size(); ++size) {
      SCOPED_TRACE(testing::Message()
                   << "type " << int{static_cast<unsigned char>(request[0])} << " cut at " << size);
      if (size < 5) {
        EXPECT_FALSE(client_.feed(std::string_view(request).substr(0, size)));
        EXPECT_TRUE(client_.silent());
        continue;
      }
      ASSERT_TRUE(client_.feed(std::string_view(request).substr(0, size)));
      const auto answer = client_.take();
      EXPECT_EQ(answer.id, 7u);
      EXPECT_EQ(answer.status(), StatusCode::bad_message);
    }
}

}  // namespace
}  // namespace fairlead::test
