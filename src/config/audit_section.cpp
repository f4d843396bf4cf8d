// SPDX-License-Identifier: Apache-2.0
// Sections `audit` (services.md section 5.1) and `geoip` (section 6.3).
#include "config/sections.hpp"

#include <array>

namespace fairlead::config {
namespace {

void describe(Visitor& section, Audit::S3& s3, bool in_use) {
  section.field("local", s3.local);
  section.field("accessKey", s3.access_key);
  section.secret("secretKey", s3.secret_key);
  section.field("bucket", s3.bucket);
  section.field("region", s3.region);
  section.field("endpoint", s3.endpoint);
  section.pem("cacert", s3.cacert);
  section.field("acl", s3.acl);
  section.field("pathStyleAccess", s3.path_style_access);
  constexpr std::uint64_t least_part = 5'242'880;  // S3's own limit
  const bool part_given = section.size("uploadPartSize", s3.upload_part_size);
  const bool uploads_given = section.field("parallelUploads", s3.parallel_uploads);
  section.section("metadata", [&](Visitor& own) {
    own.field("ip", s3.metadata_ip);
    own.field("username", s3.metadata_username);
  });
  if (!in_use) return;
  check_directory(section, "local", s3.local);
  if (s3.access_key.empty()) section.error("accessKey", "must be given");
  if (s3.secret_key.empty()) section.error("secretKey", "must be given");
  if (s3.bucket.empty()) section.error("bucket", "must be given");
  if (part_given && s3.upload_part_size < least_part)
    section.error("uploadPartSize", "must be at least 5242880");
  if (uploads_given && s3.parallel_uploads < 1) section.error("parallelUploads", "must be at least 1");
}

}  // namespace

void describe(Visitor& section, Audit& audit) {
  section.field("enable", audit.enable);
  constexpr std::array<std::string_view, 3> formats{"none", "binary", "asciinema"};
  section.choice("format", audit.format, {formats});
  constexpr std::array<std::string_view, 3> storages{"none", "file", "s3"};
  section.choice("storage", audit.storage, {storages});
  const auto used = [&](std::string_view storage) { return audit.enable && audit.storage == storage; };
  section.section("file", [&](Visitor& own) {
    own.field("directory", audit.directory);
    if (used("file")) check_directory(own, "directory", audit.directory);
  });
  section.section("s3", [&](Visitor& own) { describe(own, audit.s3, used("s3")); });
  section.section("intercept", [&](Visitor& own) {
    own.field("stdin", audit.standard_input);
    own.field("stdout", audit.standard_output);
    own.field("stderr", audit.standard_error);
    own.field("passwords", audit.passwords);
    own.field("forwarding", audit.forwarding);
  });
  if (audit.enable) section.error("enable", "the audit log is not built yet");
}

void describe(Visitor& section, GeoIp& geoip) {
  constexpr std::array<std::string_view, 2> providers{"dummy", "maxmind"};
  section.choice("provider", geoip.provider, {providers});
  section.field("maxmind-geoip2-file", geoip.file);
  if (geoip.provider != "maxmind") return;
  check_file(section, "maxmind-geoip2-file", geoip.file);
  section.error("provider", "geoip is not built yet");
}

}  // namespace fairlead::config
