// SPDX-License-Identifier: Apache-2.0
// Checks of values that several sections share. What files hold is looked at only where that is wanted: not
// in every login.
#include "config/pem.hpp"
#include "config/sections.hpp"

#include <sys/stat.h>

#include <algorithm>

namespace fairlead::config {
namespace {

bool is_kind(const std::string& file, mode_t kind) {
  struct stat status{};
  return ::stat(file.c_str(), &status) == 0 && (status.st_mode & S_IFMT) == kind;
}

}  // namespace

void check_url(Visitor& section, std::string_view key, const std::string& url) {
  if (!section.checks()) return;
  if (url.empty()) return section.error(key, "must be given");
  const std::size_t scheme = url.starts_with("http://") ? 7 : url.starts_with("https://") ? 8 : 0;
  const auto forbidden = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; };
  const bool bad = scheme == 0 || url.size() == scheme || std::ranges::any_of(url, forbidden) ||
                   url[scheme] == '/' || url[scheme] == '?' || url[scheme] == ':';
  if (bad) section.error(key, "must be http://HOST… or https://HOST…");
}

void check_file(Visitor& section, std::string_view key, const std::string& file) {
  if (section.checks_files() && !is_kind(file, S_IFREG)) section.error(key, "file " + file + " not found");
}

void check_directory(Visitor& section, std::string_view key, const std::string& directory) {
  if (section.checks_files() && !is_kind(directory, S_IFDIR))
    section.error(key, "directory " + directory + " not found");
}

void check_authorities(Visitor& section, std::string_view key, const std::string& certificates) {
  if (!section.checks_files() || certificates.empty()) return;
  if (const std::string reason = certificate_mistake(certificates); !reason.empty())
    section.error(key, reason);
}

void check_key_pair(Visitor& section, const std::string& cert, const std::string& key) {
  if (cert.empty() != key.empty())
    return section.error(cert.empty() ? "cert" : "key", "cert and key must be given together");
  if (!section.checks_files() || cert.empty()) return;
  if (const std::string reason = certificate_mistake(cert); !reason.empty())
    return section.error("cert", reason);
  if (const std::string reason = private_key_mistake(key, cert); !reason.empty())
    section.error("key", reason);
}

}  // namespace fairlead::config
