// SPDX-License-Identifier: Apache-2.0
// Reading certificates, and proving that their CA has signed them.
#include "base/wire.hpp"
#include "crypto/certificate_algorithms.hpp"
#include "crypto/key_line.hpp"
#include "crypto/limits.hpp"

#include <fairlead/ssh/certificate.hpp>

#include <algorithm>
#include <fstream>

namespace fairlead::ssh {

struct Certificate::Impl {
  std::vector<std::byte> blob;
  std::string_view type;
  PublicKey key, authority;
  Role role = Role::user;
  std::uint64_t serial = 0, valid_after = 0, valid_before = 0;
  std::string key_id;
  std::vector<std::string> principals;
  std::vector<CertificateOption> critical_options, extensions;

  [[nodiscard]] Result<> read(WireReader& fields);
  [[nodiscard]] Result<> read_key(WireReader& fields, const CertificateAlgorithm& kind);
  [[nodiscard]] Result<> read_authority(Bytes key_blob, Bytes signed_part, Bytes signature);
};

namespace {

// Users and hosts are compared as C strings everywhere else: what stands behind a NUL must not be overlooked.
bool is_name(std::string_view text) {
  return text.find('\0') == std::string_view::npos;
}

Result<std::vector<std::string>> read_principals(Bytes list) {
  std::vector<std::string> principals;
  WireReader rest(list);
  while (!rest.rest().empty()) {
    const std::string_view name = rest.text();
    if (!rest.ok() || name.empty() || !is_name(name)) return failure(Errc::bad_key, "principals");
    if (principals.size() == max_certificate_principals) return failure(Errc::bad_key, "too many principals");
    principals.emplace_back(name);
  }
  return principals;
}

Result<std::vector<CertificateOption>> read_certificate_options(Bytes list) {
  std::vector<CertificateOption> options;
  WireReader rest(list);
  while (!rest.rest().empty()) {
    const std::string_view name = rest.text();
    const std::string_view data = rest.text();
    if (!rest.ok() || name.empty() || !is_name(name)) return failure(Errc::bad_key, "options");
    if (!options.empty() && name <= options.back().name)
      return failure(Errc::bad_key, "options are not in order, or one is there twice");
    if (options.size() == max_certificate_options) return failure(Errc::bad_key, "too many options");
    options.push_back({.name = std::string(name), .data = std::string(data)});
  }
  return options;
}

template <class T>
bool take(Result<T> from, T& to, Error& error) {
  if (from)
    to = std::move(*from);
  else
    error = from.error();
  return from.has_value();
}

}  // namespace

Result<> Certificate::Impl::read_key(WireReader& fields, const CertificateAlgorithm& kind) {
  const Bytes all = fields.rest();
  for (std::size_t field = 0; field < kind.key_fields; ++field) (void)fields.string();
  if (!fields.ok()) return failure(Errc::bad_key);
  ByteBuffer plain;
  WireWriter(plain).string(kind.key_type).raw(all.first(all.size() - fields.rest().size()));
  Error error;
  if (!take(PublicKey::from_blob(plain.readable()), key, error)) return std::unexpected(error);
  return {};
}

Result<> Certificate::Impl::read_authority(Bytes key_blob, Bytes signed_part, Bytes signature) {
  // x/crypto 90f76b8: a certificate as the CA's key is refused before anything of it is looked at.
  if (WireReader(key_blob).text().ends_with(certificate_suffix))
    return failure(Errc::bad_key, "the CA's key is a certificate");
  Error error;
  if (!take(PublicKey::from_blob(key_blob), authority, error)) return std::unexpected(error);
  // Whatever a login may be signed with; ssh-rsa (SHA-1) is none of it.
  const std::string_view algorithm = WireReader(signature).text();
  const auto allowed = authority.algorithms();
  if (std::ranges::find(allowed, algorithm) == allowed.end())
    return failure(Errc::bad_signature, "the CA's signature algorithm is not allowed");
  return authority.verify(algorithm, signed_part, signature);
}

// PROTOCOL.certkeys, "New public key formats".
Result<> Certificate::Impl::read(WireReader& fields) {
  const CertificateAlgorithm* const kind = find_certificate_type(fields.text());
  if (!fields.ok()) return failure(Errc::bad_key);
  if (kind == nullptr) return failure(Errc::unsupported_key, "not a certificate");
  type = kind->type;
  (void)fields.string();  // the CA's nonce
  if (const auto done = read_key(fields, *kind); !done) return done;
  serial = fields.u64();
  const std::uint32_t role_number = fields.u32();
  key_id = fields.text();
  const Bytes principal_list = fields.string();
  valid_after = fields.u64();
  valid_before = fields.u64();
  const Bytes critical = fields.string();
  const Bytes extra = fields.string();
  (void)fields.string();  // reserved, and ignored
  const Bytes authority_blob = fields.string();
  const std::size_t signed_size = blob.size() - fields.rest().size();
  const Bytes signature = fields.string();
  if (!fields.done() || !is_name(key_id)) return failure(Errc::bad_key, "malformed certificate");
  if (role_number != 1 && role_number != 2)
    return failure(Errc::bad_key, "a certificate for neither users nor hosts");
  role = static_cast<Role>(role_number);
  Error error;
  if (!take(read_principals(principal_list), principals, error) ||
      !take(read_certificate_options(critical), critical_options, error) ||
      !take(read_certificate_options(extra), extensions, error))
    return std::unexpected(error);
  return read_authority(authority_blob, Bytes(blob).first(signed_size), signature);
}

Result<Certificate> Certificate::from_blob(Bytes blob) {
  if (blob.size() > max_certificate) return failure(Errc::bad_key, "certificate is too large");
  auto impl = std::make_shared<Impl>();
  impl->blob.assign(blob.begin(), blob.end());
  WireReader fields(impl->blob);
  if (const auto done = impl->read(fields); !done) return std::unexpected(done.error());
  Certificate result;
  result.impl_ = std::move(impl);
  return result;
}

Result<Certificate> Certificate::from_text(std::string_view line) {
  const auto parts = split_key_line(line, max_certificate);
  if (!parts) return std::unexpected(parts.error());
  auto certificate = from_blob(parts->blob);
  if (certificate && certificate->type() != parts->type)
    return failure(Errc::bad_key, "type and key do not fit together");
  return certificate;
}

Result<Certificate> Certificate::load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(max_certificate * 2, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || !file.is_open() || file.gcount() == 0)
    return failure(Errc::io_failed, "cannot read the certificate");
  return from_text(std::string_view(text).substr(0, static_cast<std::size_t>(file.gcount())));
}

const Certificate::Impl& Certificate::empty() noexcept {
  static const Impl none;
  return none;
}

std::string_view Certificate::type() const noexcept {
  return get().type;
}
Bytes Certificate::blob() const noexcept {
  return get().blob;
}
const PublicKey& Certificate::key() const noexcept {
  return get().key;
}
const PublicKey& Certificate::authority() const noexcept {
  return get().authority;
}
Certificate::Role Certificate::role() const noexcept {
  return get().role;
}
std::uint64_t Certificate::serial() const noexcept {
  return get().serial;
}
const std::string& Certificate::key_id() const noexcept {
  return get().key_id;
}
const std::vector<std::string>& Certificate::principals() const noexcept {
  return get().principals;
}
std::uint64_t Certificate::valid_after() const noexcept {
  return get().valid_after;
}
std::uint64_t Certificate::valid_before() const noexcept {
  return get().valid_before;
}
const std::vector<CertificateOption>& Certificate::critical_options() const noexcept {
  return get().critical_options;
}
const std::vector<CertificateOption>& Certificate::extensions() const noexcept {
  return get().extensions;
}

std::vector<std::string_view> Certificate::algorithms() const {
  std::vector<std::string_view> names;
  for (const CertificateAlgorithm& algorithm : certificate_algorithms())
    if (algorithm.type == type()) names.push_back(algorithm.name);
  return names;
}

}  // namespace fairlead::ssh
