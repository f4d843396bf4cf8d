// SPDX-License-Identifier: Apache-2.0
// Configured host keys (core.md sections 1.1 and 9.5), or our own.
#include "keeper/host_keys.hpp"

#include "keeper/host_key_files.hpp"

#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>

namespace fairlead::keeper {
namespace {

using Keys = std::vector<ssh::PrivateKey>;
using Errors = std::vector<std::string>;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

void warn_about_mode(const std::string& file, const observe::Log& log) {
  struct stat status{};
  if (::stat(file.c_str(), &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    log.warning("SSH_HOST_KEY_MODE", "A host key can be read by others than its owner (chmod 600)",
                {{"file", file}});
}

// Clients choose by algorithm, so of two keys of one type only one can be used: the last, as in ContainerSSH.
void add(Keys& keys, ssh::PrivateKey key, const observe::Log& log) {
  const std::string_view type = key.public_key().type();
  const auto same = [type](const ssh::PrivateKey& other) { return other.public_key().type() == type; };
  if (std::erase_if(keys, same) > 0)
    log.warning("SSH_HOST_KEY_REPLACED", "Of two host keys of one type the last is used",
                {{"type", std::string(type)}});
  keys.push_back(std::move(key));
}

std::expected<Keys, Errors> load_configured(const std::vector<std::string>& items, const observe::Log& log) {
  Keys keys;
  Errors errors;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string_view item = trimmed(items[i]);
    const bool inline_text = item.starts_with("-----");
    const std::string file(inline_text ? "" : item);
    auto key = inline_text ? ssh::PrivateKey::from_text(item) : ssh::PrivateKey::load(file);
    if (!key) {
      errors.push_back(fmt::format("invalid configuration option: ssh.hostkeys[{}] ({}{}{})", i, file,
                                   inline_text ? "" : ": ", to_string(key.error())));
      continue;
    }
    if (!inline_text) warn_about_mode(file, log);
    add(keys, std::move(*key), log);
  }
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return keys;
}

struct OwnKey {
  const char* name;
  ssh::PrivateKey::Type type;
};
// ECDSA for clients that do without Ed25519 (FIPS). Not RSA: a client that knows it with SHA-2 knows one of
// these, SHA-1 we refuse anyway, and its key takes seconds to make.
constexpr OwnKey own_keys[] = {{"host_key_ed25519", ssh::PrivateKey::Type::ed25519},
                               {"host_key_ecdsa", ssh::PrivateKey::Type::ecdsa_p256}};

std::expected<Keys, Errors> load_own(const std::string& directory, const observe::Log& log) {
  std::error_code failure;
  std::filesystem::create_directories(directory, failure);
  if (failure)
    return std::unexpected(
        Errors{fmt::format("The state directory {} cannot be made: {}.", directory, failure.message())});
  Keys keys;
  Errors errors;
  for (const OwnKey& own : own_keys) {
    const std::string file = directory + "/" + own.name;
    auto stored = load_or_create_key(file, own.type);
    if (!stored) {
      errors.push_back(std::move(stored.error()));
      continue;
    }
    warn_about_mode(file, log);
    if (stored->created)
      log.warning("CORE_NO_HOST_KEYS", "No host key is configured, one was made and will be used from now on",
                  {{"file", file}, {"fingerprint", stored->key.public_key().fingerprint()}});
    keys.push_back(std::move(stored->key));
  }
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return keys;
}

std::string mistake_of(const ssh::Certificate& certificate, const std::vector<ssh::PublicKey>& keys) {
  if (certificate.role() != ssh::Certificate::Role::host) return "not a host certificate";
  if (certificate.principals().empty()) return "it names no host";
  if (std::ranges::find(keys, certificate.key()) == keys.end()) return "it is for none of the host keys";
  return {};
}

}  // namespace

std::expected<std::vector<ssh::PrivateKey>, std::vector<std::string>> load_host_keys(
    const config::Ssh& ssh, const std::string& state_directory, const observe::Log& log) {
  return ssh.hostkeys.empty() ? load_own(state_directory, log) : load_configured(ssh.hostkeys, log);
}

std::expected<std::vector<ssh::Certificate>, Errors> load_host_certificates(
    const config::Ssh& ssh, const std::vector<ssh::PublicKey>& keys, const observe::Log& log) {
  std::vector<ssh::Certificate> certificates;
  Errors errors;
  for (std::size_t i = 0; i < ssh.host_certificates.size(); ++i) {
    const std::string& item = ssh.host_certificates[i];
    auto certificate = ssh::Certificate::from_text(item);
    const bool inline_text = certificate.has_value();
    if (!certificate) certificate = ssh::Certificate::load(item);
    const std::string mistake = certificate ? mistake_of(*certificate, keys) : to_string(certificate.error());
    if (!mistake.empty()) {
      errors.push_back(fmt::format("invalid configuration option: ssh.hostCertificates[{}] ({}{}{})", i,
                                   inline_text ? "" : item, inline_text ? "" : ": ", mistake));
      continue;
    }
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    if (certificate->valid_before() <= static_cast<std::uint64_t>(now.time_since_epoch().count()))
      log.warning("SSH_HOST_CERTIFICATE_EXPIRED", "A host certificate has expired: clients will not trust it",
                  {{"certificateId", certificate->key_id()}});
    certificates.push_back(std::move(*certificate));
  }
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return certificates;
}

}  // namespace fairlead::keeper
