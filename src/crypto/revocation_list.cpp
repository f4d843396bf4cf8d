// SPDX-License-Identifier: Apache-2.0
// Both forms of a revocation list, and the three things in a certificate that can be revoked.
#include "base/wire.hpp"
#include "crypto/certificate_algorithms.hpp"
#include "crypto/key_line.hpp"
#include "crypto/krl.hpp"
#include "crypto/limits.hpp"

#include <fairlead/ssh/revocation.hpp>

#include <algorithm>
#include <fstream>

namespace fairlead::ssh {

struct RevocationList::Impl {
  Revocations list;
};

namespace {

// The key itself may be of a type that we do not have: it is only compared.
Result<> add_line(std::string_view line, Revocations& list) {
  const auto parts = split_key_line(line, max_certificate);
  if (!parts) return std::unexpected(parts.error());
  if (WireReader(parts->blob).text() != parts->type)
    return failure(Errc::bad_key, "type and key do not fit together");
  if (!parts->type.ends_with(certificate_suffix)) {
    if (!list.add_key(parts->blob)) return failure(Errc::bad_key, "a key is cut off");
    return {};
  }
  const auto certificate = Certificate::from_text(line);
  if (!certificate) return std::unexpected(certificate.error());
  if (!list.add_key(certificate->key().blob())) return failure(Errc::bad_key);
  return {};
}

Result<Revocations> parse_key_list(std::string_view text) {
  Revocations list;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
    if (line.empty() || line.starts_with('#')) continue;
    if (const auto added = add_line(line, list); !added) return std::unexpected(added.error());
  }
  list.sort();
  return list;
}

}  // namespace

Result<RevocationList> RevocationList::from_bytes(Bytes content) {
  if (content.size() > max_revocation_list) return failure(Errc::bad_key, "the revocation list is too large");
  auto parsed = is_krl(content) ? parse_krl(content) : parse_key_list(as_text(content));
  if (!parsed) return std::unexpected(parsed.error());
  RevocationList result;
  result.impl_ = std::make_shared<const Impl>(std::move(*parsed));
  return result;
}

Result<RevocationList> RevocationList::load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content;
  std::string piece(std::size_t{64} * 1024, '\0');
  while (file.is_open() && content.size() <= max_revocation_list) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    content.append(piece, 0, static_cast<std::size_t>(file.gcount()));
    if (!file) break;
  }
  if (!file.is_open() || file.bad()) return failure(Errc::io_failed, "cannot read the revocation list");
  return from_bytes(as_bytes(content));
}

bool RevocationList::revokes(const PublicKey& key) const {
  return impl_ && impl_->list.has_key(key.blob());
}

bool RevocationList::revokes(const Certificate& certificate) const {
  if (!impl_) return false;
  if (revokes(certificate.key()) || revokes(certificate.authority())) return true;
  return std::ranges::any_of(impl_->list.certificates, [&](const RevokedCertificates& revoked) {
    if (!revoked.authority.empty() && !equal(revoked.authority, certificate.authority().blob())) return false;
    return revoked.has_key_id(certificate.key_id()) || revoked.has_serial(certificate.serial());
  });
}

}  // namespace fairlead::ssh
