// SPDX-License-Identifier: Apache-2.0
// crypt(3) through libcrypt's reentrant functions.
#include "auth/password_hash.hpp"

#include "config/values.hpp"

#include <fairlead/ssh/limits.hpp>

#include <fmt/format.h>

#include <crypt.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace fairlead::auth {
namespace {

using ssh::Bytes;
using ssh::SecretBytes;

// What a thread may be kept busy with by one attempt: about a second, ten times what new hashes take.
constexpr std::uint64_t max_sha512_rounds = 1'000'000;
constexpr std::uint64_t min_sha512_rounds = 5'000;  // crypt(5)'s default
constexpr std::uint64_t max_bcrypt_cost = 14;
constexpr std::uint64_t min_bcrypt_cost = 8;

bool is_crypt_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '.' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  });
}

std::expected<void, std::string> not_a_hash(std::string reason) {
  return std::unexpected(std::move(reason));
}

// Behind "$y$": parameters$salt$43 characters.
std::expected<void, std::string> check_yescrypt(std::string_view rest) {
  const std::size_t salt = rest.find('$');
  const std::size_t digest = salt == std::string_view::npos ? salt : rest.find('$', salt + 1);
  if (digest == std::string_view::npos || salt == 0 || rest.size() - digest - 1 != 43 ||
      !is_crypt_text(rest.substr(0, salt)) || !is_crypt_text(rest.substr(salt + 1, digest - salt - 1)) ||
      !is_crypt_text(rest.substr(digest + 1)))
    return not_a_hash("is not a complete yescrypt hash");
  return {};
}

// Behind "$6$": [rounds=N$]salt$86 characters.
std::expected<void, std::string> check_sha512(std::string_view rest) {
  constexpr std::string_view prefix = "rounds=";
  if (rest.starts_with(prefix)) {
    const std::size_t end = std::min(rest.find('$'), rest.size());
    const auto rounds = config::parse_unsigned(rest.substr(prefix.size(), end - prefix.size()));
    if (!rounds || *rounds < min_sha512_rounds)
      return not_a_hash("is a sha512crypt hash of less than 5000 rounds");
    if (*rounds > max_sha512_rounds) return not_a_hash("is a sha512crypt hash of more than 1000000 rounds");
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const std::size_t digest = rest.find('$');
  constexpr std::size_t longest_salt = 16;
  if (digest == std::string_view::npos || digest > longest_salt || rest.size() - digest - 1 != 86 ||
      !is_crypt_text(rest.substr(0, digest)) || !is_crypt_text(rest.substr(digest + 1)))
    return not_a_hash("is not a complete sha512crypt hash");
  return {};
}

// Behind "$2b$": cost$22 characters of salt and 31 of digest.
std::expected<void, std::string> check_bcrypt(std::string_view rest) {
  if (rest.size() != 2 + 1 + 53 || rest[2] != '$' || !is_crypt_text(rest.substr(3)))
    return not_a_hash("is not a complete bcrypt hash");
  const bool digits = rest[0] >= '0' && rest[0] <= '9' && rest[1] >= '0' && rest[1] <= '9';
  const auto cost = digits ? static_cast<std::uint64_t>((rest[0] - '0') * 10 + (rest[1] - '0')) : 0;
  if (cost < min_bcrypt_cost) return not_a_hash("is a bcrypt hash of a cost below 8");
  if (cost > max_bcrypt_cost) return not_a_hash("is a bcrypt hash of a cost above 14");
  return {};
}

// libcrypt's scratch memory; it may hold the password.
class Workspace {
 public:
  Workspace() = default;
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace() {
    if (memory_ == nullptr) return;
    ssh::wipe({static_cast<std::byte*>(memory_), static_cast<std::size_t>(size_)});
    std::free(memory_);
  }
  // Null when the hash is malformed or the password too long. Valid as long as this object.
  const char* run(Bytes password, const char* setting) {
    SecretBytes phrase(password.begin(), password.end());
    phrase.push_back(std::byte{0});
    return ::crypt_ra(reinterpret_cast<const char*>(phrase.data()), setting, &memory_, &size_);
  }

 private:
  void* memory_ = nullptr;
  int size_ = 0;
};

bool has_nul(Bytes password) {
  return std::ranges::find(password, std::byte{0}) != password.end();
}

}  // namespace

std::expected<void, std::string> check_hash_format(std::string_view hash) {
  if (hash.starts_with("$y$")) return check_yescrypt(hash.substr(3));
  if (hash.starts_with("$6$")) return check_sha512(hash.substr(3));
  for (const std::string_view prefix : {"$2a$", "$2b$", "$2y$"})
    if (hash.starts_with(prefix)) return check_bcrypt(hash.substr(prefix.size()));
  return not_a_hash("is not a yescrypt, sha512crypt or bcrypt hash; make one with: fairlead hash-password");
}

bool password_matches(Bytes password, const std::string& hash) {
  if (password.empty() || password.size() > ssh::limits::password || has_nul(password)) return false;
  Workspace workspace;
  const char* computed = workspace.run(password, hash.c_str());
  return computed != nullptr && !hash.empty() &&
         ssh::constant_time_equal(ssh::as_bytes(computed), ssh::as_bytes(hash));
}

std::expected<std::string, std::string> hash_password(Bytes password) {
  if (password.empty()) return std::unexpected("The password is empty.");
  if (has_nul(password)) return std::unexpected("The password holds a NUL character.");
  if (password.size() >= CRYPT_MAX_PASSPHRASE_SIZE)
    return std::unexpected(
        fmt::format("The password is longer than {} bytes.", CRYPT_MAX_PASSPHRASE_SIZE - 1));
  const std::unique_ptr<char, decltype(&std::free)> setting(::crypt_gensalt_ra("$y$", 0, nullptr, 0),
                                                            &std::free);
  if (!setting) return std::unexpected(fmt::format("No salt could be made: {}.", std::strerror(errno)));
  Workspace workspace;
  const char* computed = workspace.run(password, setting.get());
  if (computed == nullptr) return std::unexpected("The system's crypt(3) cannot make yescrypt hashes.");
  return std::string(computed);
}

}  // namespace fairlead::auth
