// SPDX-License-Identifier: Apache-2.0
// Digests through EVP; base64 written out, because OpenSSL's decoder accepts what is not canonical.
#include "crypto/hash.hpp"

#include "crypto/evp.hpp"

#include <array>
#include <cstdint>
#include <exception>

namespace fairlead::ssh {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint32_t not_a_digit = 64;

constexpr auto digit_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(not_a_digit);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  return values;
}();

char digit(std::uint32_t value) {
  return alphabet[value & 63];
}

std::uint32_t octet(Bytes bytes, std::size_t at) {
  return at < bytes.size() ? std::to_integer<std::uint32_t>(bytes[at]) : 0;
}

}  // namespace

std::vector<std::byte> digest(const char* name, std::initializer_list<Bytes> parts) {
  const EVP_MD* const algorithm = EVP_get_digestbyname(name);
  const EvpDigestContext context(EVP_MD_CTX_new());
  if (algorithm == nullptr || !context || EVP_DigestInit_ex(context.get(), algorithm, nullptr) != 1)
    std::terminate();
  for (const Bytes part : parts)
    if (EVP_DigestUpdate(context.get(), part.data(), part.size()) != 1) std::terminate();
  std::vector<std::byte> result(static_cast<std::size_t>(EVP_MD_get_size(algorithm)));
  if (EVP_DigestFinal_ex(context.get(), octets(MutableBytes(result)), nullptr) != 1) std::terminate();
  return result;
}

std::vector<std::byte> hmac(const char* name, Bytes key, Bytes data) {
  std::vector<std::byte> result(EVP_MAX_MD_SIZE);
  std::size_t size = 0;
  if (EVP_Q_mac(nullptr, "HMAC", nullptr, name, nullptr, key.data(), key.size(), octets(data), data.size(),
                octets(MutableBytes(result)), result.size(), &size) == nullptr)
    std::terminate();
  result.resize(size);
  return result;
}

std::string base64(Bytes bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t group = octet(bytes, i) << 16 | octet(bytes, i + 1) << 8 | octet(bytes, i + 2);
    text += digit(group >> 18);
    text += digit(group >> 12);
    text += i + 1 < bytes.size() ? digit(group >> 6) : '=';
    text += i + 2 < bytes.size() ? digit(group) : '=';
  }
  return text;
}

std::optional<std::vector<std::byte>> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;

  std::vector<std::byte> bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < text.size() - padding; ++i) {
    const std::uint32_t value = digit_values[static_cast<unsigned char>(text[i])];
    if (value == not_a_digit) return std::nullopt;
    bits = bits << 6 | value;
    // Digits 1, 2 and 3 of a group each complete one byte.
    if (const std::size_t place = i % 4; place != 0)
      bytes.push_back(static_cast<std::byte>(bits >> (6 - 2 * place) & 0xff));
  }
  // What is left of the last digit must be zero, or two texts would mean the same bytes.
  const std::uint32_t leftover = padding == 2 ? bits & 15 : padding == 1 ? bits & 3 : 0;
  if (leftover != 0) return std::nullopt;
  return bytes;
}

}  // namespace fairlead::ssh
