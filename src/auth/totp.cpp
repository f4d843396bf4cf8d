// SPDX-License-Identifier: Apache-2.0
// RFC 6238 on RFC 4226, and the otpauth URI of authenticator applications.
#include "auth/totp.hpp"

#include "auth/base32.hpp"
#include "base/wire.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace fairlead::auth {
namespace {

// Services give out 80 bits at least; anything shorter is a typing error.
constexpr std::size_t shortest_secret = 10, longest_secret = 128;
constexpr std::string_view scheme = "otpauth://";

struct HashName {
  const char* evp;
  std::string_view uri;
  std::size_t size;
};
constexpr std::array<HashName, 3> hashes{
    {{"SHA1", "SHA1", 20}, {"SHA256", "SHA256", 32}, {"SHA512", "SHA512", 64}}};

const HashName& name_of(Totp::Hash hash) {
  return hashes.at(static_cast<std::size_t>(hash));
}

std::expected<ssh::SecretBytes, std::string> read_secret(std::string_view text) {
  auto secret = from_base32(text);
  if (!secret) return std::unexpected("the secret is not base32 (letters A to Z and digits 2 to 7)");
  if (secret->size() < shortest_secret || secret->size() > longest_secret)
    return std::unexpected("the secret must have 16 to 204 base32 characters");
  return std::move(*secret);
}

std::optional<Totp::Hash> hash_named(std::string_view name) {
  for (std::size_t i = 0; i < hashes.size(); ++i)
    if (std::ranges::equal(name, hashes.at(i).uri, {},
                           [](char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; }))
      return static_cast<Totp::Hash>(i);
  return std::nullopt;
}

struct UriFields {
  std::string_view secret, algorithm = "SHA1", digits = "6", period = "30";
};

// Issuer, label and whatever else an application writes is for display.
UriFields split_query(std::string_view query) {
  UriFields fields;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    if (name == "secret") fields.secret = value;
    if (name == "algorithm") fields.algorithm = value;
    if (name == "digits") fields.digits = value;
    if (name == "period") fields.period = value;
  }
  // Padding, which some write although it says nothing.
  while (fields.secret.ends_with("%3D") || fields.secret.ends_with("%3d")) fields.secret.remove_suffix(3);
  return fields;
}

// RFC 3986 section 2.3.
std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain)
      encoded += c;
    else
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

}  // namespace

std::expected<Totp, std::string> Totp::parse(std::string_view text) {
  if (text.starts_with(scheme)) return parse_uri(text.substr(scheme.size()));
  auto secret = read_secret(text);
  if (!secret) return std::unexpected(std::move(secret.error()));
  return Totp(std::move(*secret), Hash::sha1, 6);
}

std::expected<Totp, std::string> Totp::parse_uri(std::string_view rest) {
  if (!rest.starts_with("totp/"))
    return std::unexpected("expected otpauth://totp/…: no other kind is supported");
  const std::size_t question = rest.find('?');
  if (question == std::string_view::npos) return std::unexpected("the otpauth URI has no secret");
  const UriFields fields = split_query(rest.substr(question + 1));
  const auto hash = hash_named(fields.algorithm);
  if (!hash) return std::unexpected("algorithm must be SHA1, SHA256 or SHA512");
  if (fields.digits != "6" && fields.digits != "8") return std::unexpected("digits must be 6 or 8");
  if (fields.period != "30") return std::unexpected("period must be 30");
  auto secret = read_secret(fields.secret);
  if (!secret) return std::unexpected(std::move(secret.error()));
  return Totp(std::move(*secret), *hash, fields.digits == "6" ? 6 : 8);
}

Totp Totp::generate(Hash hash, unsigned digits) {
  ssh::SecretBytes secret(name_of(hash).size);
  ssh::system_random().fill(secret);
  return {std::move(secret), hash, digits};
}

ssh::SecretBytes Totp::code(std::uint64_t step_number) const {
  std::array<std::byte, 8> counter{};
  ssh::store_u64(counter.data(), step_number);
  const auto mac = ssh::hmac(name_of(hash_).evp, secret_, counter);
  // RFC 4226 section 5.3: dynamic truncation.
  const std::size_t offset = std::to_integer<std::size_t>(mac.back()) & 15U;
  std::uint32_t number = ssh::load_u32(mac.data() + offset) & 0x7FFFFFFFU;
  ssh::SecretBytes digits(digits_);
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, number /= 10)
    *digit = static_cast<std::byte>('0' + number % 10);
  return digits;
}

std::optional<std::uint64_t> Totp::match(ssh::Bytes typed, std::chrono::sys_seconds now,
                                         std::uint64_t after) const {
  ssh::SecretBytes plain;
  plain.reserve(typed.size());
  std::ranges::copy_if(typed, std::back_inserter(plain),
                       [](std::byte byte) { return byte != std::byte{' '}; });
  const auto current = static_cast<std::uint64_t>(std::max<std::int64_t>(now.time_since_epoch() / step, 1));
  std::optional<std::uint64_t> found;
  for (std::uint64_t at = current + steps_around; at + steps_around >= current; --at) {
    const bool right = ssh::constant_time_equal(plain, code(at));
    if (right && at > after) found = at;
  }
  return found;
}

std::string Totp::uri(std::string_view issuer, std::string_view account) const {
  return fmt::format("{}totp/{}:{}?secret={}&issuer={}&algorithm={}&digits={}&period=30", scheme,
                     percent_encoded(issuer), percent_encoded(account), to_base32(secret_),
                     percent_encoded(issuer), name_of(hash_).uri, digits_);
}

}  // namespace fairlead::auth
