// SPDX-License-Identifier: Apache-2.0
// Packs and uploads.
#include "backend/docker/login_files.hpp"

#include "http/json.hpp"
#include "link/agent_link.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <string>
#include <vector>

namespace fairlead::docker {
namespace {

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void warn(const backend::Login& login, const std::string& path, const std::string& reason) {
  login.log.warning("DOCKER_FILE_WRITE_FAILED", "A file could not be written into the box",
                    {{"path", path}, {"reason", reason}});
}

la_ssize_t append(archive* /*unused*/, void* to, const void* data, std::size_t size) {
  static_cast<std::string*>(to)->append(static_cast<const char*>(data), size);
  return static_cast<la_ssize_t>(size);
}

bool add(archive* out, const std::string& path, const std::string& content, FileOwner owner) {
  const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                       archive_entry_free);
  archive_entry_set_pathname(entry.get(), path.c_str() + 1);  // below "/"
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0600);
  archive_entry_set_uid(entry.get(), owner.user);
  archive_entry_set_gid(entry.get(), owner.group);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
  return archive_write_header(out, entry.get()) == ARCHIVE_OK &&
         archive_write_data(out, content.data(), content.size()) == static_cast<la_ssize_t>(content.size());
}

// Where the container will have memory in place of what the archive has brought there.
std::vector<std::string> places_in_memory(const boost::json::value& host) {
  std::vector<std::string> places;
  if (const auto* mounted = http::member(host, "Tmpfs").if_object())
    for (const auto& [place, options] : *mounted) places.emplace_back(place);
  if (const auto* mounts = http::member(host, "Mounts").if_array())
    for (const auto& mount : *mounts)
      if (http::string_member(mount, "Type") == "tmpfs")
        places.push_back(http::string_member(mount, "Target"));
  return places;
}

bool is_below(const std::string& path, const std::string& place) {
  return path.starts_with(place.ends_with('/') ? place : place + '/');
}

// The path is $1, the size $2: over TLS nobody could end the input. Complete or not at all; what lies in its
// place is replaced and not followed.
constexpr const char* write_script =
    R"(umask 077; mkdir -p "${1%/*}/" && head -c "$2" >"$1.$$" && mv -f "$1.$$" "$1")";

std::vector<std::string> write_command(const ExecPlace& place, const std::string& path, std::size_t size) {
  if (!place.guest_agent.empty()) return {place.guest_agent, "write-file", path};
  return {"/bin/sh", "-c", write_script, "sh", path, std::to_string(size)};
}

// Of one login's files.
class Budget {
 public:
  // Why a file is left out, or null: then it counts.
  const char* obstacle(const std::string& path, const std::string& content) {
    if (!link::is_file_path(path)) return "this is not the absolute path of a file";
    if (content.size() > bytes_left_ || count_ == link::files)
      return "the login's files are too many or too large";
    bytes_left_ -= content.size();
    ++count_;
    return nullptr;
  }

 private:
  std::size_t bytes_left_ = link::file_bytes;
  std::size_t count_ = 0;
};

}  // namespace

FileOwner file_owner(const std::string& user) {
  const auto colon = user.find(':');
  const auto uid = number(std::string_view(user).substr(0, colon));
  const auto gid =
      colon == std::string::npos ? std::nullopt : number(std::string_view(user).substr(colon + 1));
  return {uid.value_or(0), gid.value_or(0)};
}

std::string files_archive(const backend::Login& login, FileOwner owner) {
  std::string tar;
  const std::unique_ptr<archive, int (*)(archive*)> out(archive_write_new(), archive_write_free);
  archive_write_set_format_pax_restricted(out.get());
  archive_write_open(out.get(), &tar, nullptr, append, nullptr);
  Budget budget;
  bool any = false;
  const auto in_memory = places_in_memory(login.config->docker.host_config);
  for (const auto& [path, file] : login.metadata.files) {
    if (std::ranges::any_of(in_memory, [&](const auto& place) { return is_below(path, place); }))
      warn(login, path, "memory is mounted over it");
    else if (const auto* obstacle = budget.obstacle(path, file.value))
      warn(login, path, obstacle);
    else if (!add(out.get(), path, file.value, owner))
      warn(login, path, "it cannot be packed");
    else
      any = true;
  }
  archive_write_close(out.get());
  return any ? tar : std::string();
}

Task<> upload_login_files(Engine engine, std::string container, const backend::Login& login) {
  const auto& docker = login.config->docker;
  auto archive = files_archive(login, file_owner(http::string_member(docker.container, "User")));
  if (archive.empty()) co_return;
  try {
    co_await engine.upload(std::move(container), "/", std::move(archive), in(docker.command_start));
    login.log.debug("DOCKER_FILE_WRITE", "The login's files were written into the box");
  } catch (const EngineError& error) {
    for (const auto& [path, file] : login.metadata.files) warn(login, path, error.what());
  }
}

Task<> write_login_files(ExecPlace place, const backend::Login& login) {
  Budget budget;
  for (const auto& [path, file] : login.metadata.files) {
    if (const auto* obstacle = budget.obstacle(path, file.value)) {
      warn(login, path, obstacle);
      continue;
    }
    std::string failure;
    try {
      auto command = write_command(place, path, file.value.size());
      const auto end =
          co_await run_exec(place, std::move(command), file.value, in(login.config->docker.command_start));
      if (end.code != 0) failure = end.words.empty() ? "the program that writes it failed" : end.words;
    } catch (const std::exception& error) {
      failure = error.what();
    }
    if (!failure.empty()) warn(login, path, failure);
  }
}

}  // namespace fairlead::docker
