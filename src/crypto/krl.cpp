// SPDX-License-Identifier: Apache-2.0
// Reading KRLs section by section, and looking things up in them.
#include "crypto/krl.hpp"

#include "base/wire.hpp"
#include "crypto/hash.hpp"
#include "crypto/mpint.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace fairlead::ssh {

namespace {

constexpr std::string_view krl_magic("SSHKRL\n\0", 8);
constexpr std::uint32_t krl_version = 1;

enum class KrlSection : std::uint8_t {
  certificates = 1,
  explicit_key = 2,
  sha1 = 3,
  signature = 4,
  sha256 = 5,
  extension = 255,
};
enum class CertificateSection : std::uint8_t {
  serial_list = 0x20,
  serial_range = 0x21,
  serial_bitmap = 0x22,
  key_id = 0x23,
  extension = 0x39,
};

std::unexpected<Error> bad_krl(const char* what) {
  return failure(Errc::bad_key, what);
}

// One that is not critical may be unknown: all are, to us.
Result<> skip_extension(WireReader& fields) {
  (void)fields.string();
  const bool critical = fields.boolean();
  (void)fields.string();
  if (fields.ok() && critical) return bad_krl("the list has a critical extension that is not known here");
  return {};
}

// 0 stands for certificates that are not counted; OpenSSH takes no list that revokes it, and would find it
// nowhere.
bool is_serial(std::uint64_t serial) {
  return serial != 0;
}

Result<> read_bitmap(WireReader& fields, RevokedCertificates& into) {
  const std::uint64_t first = fields.u64();
  const auto magnitude = read_mpint(fields);
  if (!fields.ok()) return {};  // the caller sees it
  if (!magnitude) return bad_krl("malformed bitmap in the list");
  if (magnitude->empty()) return {};
  const Bytes bits = *magnitude;
  const std::uint64_t count =
      bits.size() * 8 - static_cast<unsigned>(std::countl_zero(std::to_integer<std::uint8_t>(bits.front())));
  const bool has_zero = first == 0 && (bits.back() & std::byte{1}) != std::byte{0};
  if (count - 1 > std::numeric_limits<std::uint64_t>::max() - first || has_zero)
    return bad_krl("bad serials in the list");
  into.bitmaps.push_back({.first = first, .bits = {bits.begin(), bits.end()}});
  return {};
}

Result<> read_certificate_section(CertificateSection kind, WireReader& fields, RevokedCertificates& into) {
  while (!fields.rest().empty()) {
    Result<> done;
    switch (kind) {
      case CertificateSection::serial_list: {
        const std::uint64_t serial = fields.u64();
        if (fields.ok() && !is_serial(serial)) return bad_krl("bad serials in the list");
        into.serials.push_back({.first = serial, .last = serial});
        break;
      }
      case CertificateSection::serial_range: {
        const std::uint64_t first = fields.u64();
        const std::uint64_t last = fields.u64();
        if (!fields.done() || !is_serial(first) || first > last) return bad_krl("bad serials in the list");
        into.serials.push_back({.first = first, .last = last});
        break;
      }
      case CertificateSection::serial_bitmap:
        done = read_bitmap(fields, into);
        if (done && !fields.done()) return bad_krl("malformed bitmap in the list");
        break;
      case CertificateSection::key_id:
        into.key_ids.emplace_back(fields.text());
        break;
      case CertificateSection::extension:
        done = skip_extension(fields);
        break;
      default:
        return bad_krl("the list has a section that is not known here");
    }
    if (!done) return done;
    if (!fields.ok()) return bad_krl("malformed certificates in the list");
  }
  return {};
}

Result<> read_certificates(WireReader& fields, Revocations& into) {
  RevokedCertificates certificates;
  const Bytes authority = fields.string();
  certificates.authority.assign(authority.begin(), authority.end());
  (void)fields.string();  // reserved
  while (fields.ok() && !fields.rest().empty()) {
    const auto kind = static_cast<CertificateSection>(fields.byte());
    WireReader inner(fields.string());
    if (!fields.ok()) break;
    if (const auto done = read_certificate_section(kind, inner, certificates); !done) return done;
  }
  if (!fields.ok()) return bad_krl("malformed certificates in the list");
  certificates.sort();
  into.certificates.push_back(std::move(certificates));
  return {};
}

template <std::size_t size>
Result<> read_fingerprints(WireReader& fields, std::vector<std::array<std::byte, size>>& into) {
  while (!fields.rest().empty()) {
    const Bytes print = fields.string();
    if (print.size() != size) return bad_krl("malformed fingerprints in the list");
    std::ranges::copy(print, into.emplace_back().begin());
  }
  return {};
}

Result<> read_keys(WireReader& fields, Revocations& into) {
  while (!fields.rest().empty()) {
    const Bytes blob = fields.string();
    if (!into.add_key(blob)) return bad_krl("malformed keys in the list");
  }
  return {};
}

Result<> read_krl_section(KrlSection kind, WireReader& fields, Revocations& into) {
  switch (kind) {
    case KrlSection::certificates:
      return read_certificates(fields, into);
    case KrlSection::explicit_key:
      return read_keys(fields, into);
    case KrlSection::sha1:
      return read_fingerprints(fields, into.sha1);
    case KrlSection::sha256:
      return read_fingerprints(fields, into.sha256);
    case KrlSection::extension:
      if (const auto done = skip_extension(fields); !done) return done;
      if (!fields.done()) return bad_krl("malformed extension in the list");
      return {};
    default:
      return bad_krl("the list has a section that is not known here");
  }
}

template <std::size_t size>
bool contains(const std::vector<std::array<std::byte, size>>& sorted, const std::vector<std::byte>& print) {
  std::array<std::byte, size> wanted;
  std::ranges::copy(print, wanted.begin());
  return std::ranges::binary_search(sorted, wanted);
}

}  // namespace

void RevokedCertificates::sort() {
  std::ranges::sort(key_ids);
  std::ranges::sort(serials, {}, &Range::first);
  std::vector<Range> merged;
  for (const Range& range : serials) {
    if (!merged.empty() && range.first <= merged.back().last)
      merged.back().last = std::max(merged.back().last, range.last);
    else
      merged.push_back(range);
  }
  serials = std::move(merged);
}

bool RevokedCertificates::has_serial(std::uint64_t serial) const noexcept {
  if (!is_serial(serial)) return false;
  const auto after = std::ranges::upper_bound(serials, serial, {}, &Range::first);
  if (after != serials.begin() && serial <= std::prev(after)->last) return true;
  return std::ranges::any_of(bitmaps, [serial](const Bitmap& bitmap) {
    if (serial < bitmap.first) return false;
    const std::uint64_t bit = serial - bitmap.first;
    if (bit / 8 >= bitmap.bits.size()) return false;
    const auto octet = std::to_integer<unsigned>(bitmap.bits[bitmap.bits.size() - 1 - bit / 8]);
    return (octet >> (bit % 8) & 1) != 0;
  });
}

bool RevokedCertificates::has_key_id(std::string_view key_id) const noexcept {
  return std::ranges::binary_search(key_ids, key_id);
}

bool Revocations::add_key(Bytes blob) {
  WireReader fields(blob);
  (void)fields.string();
  do {
    (void)fields.string();
  } while (!fields.rest().empty());
  if (!fields.ok()) return false;
  std::ranges::copy(digest("SHA256", {blob}), sha256.emplace_back().begin());
  return true;
}

void Revocations::sort() {
  std::ranges::sort(sha1);
  std::ranges::sort(sha256);
}

bool Revocations::has_key(Bytes blob) const {
  if (!sha256.empty() && contains(sha256, digest("SHA256", {blob}))) return true;
  return !sha1.empty() && contains(sha1, digest("SHA1", {blob}));
}

bool is_krl(Bytes content) noexcept {
  return as_text(content).starts_with(krl_magic);
}

Result<Revocations> parse_krl(Bytes content) {
  if (!is_krl(content)) return bad_krl("not a KRL");
  WireReader fields(content.subspan(krl_magic.size()));
  if (fields.u32() != krl_version) return bad_krl("a KRL of another version");
  (void)fields.raw(std::size_t{3} * 8);  // number, date, flags
  (void)fields.string();                 // reserved
  (void)fields.string();                 // comment
  Revocations list;
  while (fields.ok() && !fields.rest().empty()) {
    const auto kind = static_cast<KrlSection>(fields.byte());
    WireReader inner(fields.string());
    if (!fields.ok()) break;
    if (kind == KrlSection::signature) {
      (void)fields.string();  // behind the key that made it; who may write the file may revoke
      continue;
    }
    if (const auto done = read_krl_section(kind, inner, list); !done) return std::unexpected(done.error());
  }
  if (!fields.ok()) return bad_krl("the KRL is cut off or malformed");
  list.sort();
  return list;
}

}  // namespace fairlead::ssh
