// SPDX-License-Identifier: Apache-2.0
// Reading the users file and the key files it names.
#include "auth/users_file.hpp"

#include "auth/password_hash.hpp"
#include "base/utf8.hpp"
#include "config/sections.hpp"
#include "crypto/authorized_keys.hpp"

#include <fairlead/ssh/limits.hpp>

#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <functional>

namespace fairlead::auth {
namespace {

using config::Factor;
using config::Findings;
using config::MethodChain;
using config::Section;

// Of one user: a login compares its key with each.
constexpr std::size_t max_keys = 1000;

// For users when nobody has a password: yescrypt at libcrypt's default cost. Its password is not known to
// anyone.
const std::string fallback_decoy =
    "$y$j9T$ERFCp1yTzLW9Cb/9Mq/K6/$U6jJ0bil/oeWPe6b2yqq9/uCAdfZJvchpLZY4YkQbW5";

// UA-8; the engine refuses other names before anyone is asked, so such an entry could never log in.
const char* name_mistake(std::string_view name) {
  if (name.empty()) return "a user needs a name";
  if (name.size() > ssh::limits::user_name) return "the name is longer than 255 bytes";
  if (!ssh::is_clean_utf8(name)) return "the name holds control characters or is no UTF-8";
  return nullptr;
}

}  // namespace

class UsersReader {
 public:
  UsersReader(const std::string& name, std::shared_ptr<const config::Config> base)
      : findings_(name), base_(std::move(base)), users_(new Users()) {
    const config::Auth& auth = base_->auth;
    for (const std::string& item : auth.local_trusted_user_ca_keys) read_authorities(item);
    if (!auth.local_revoked_keys.empty()) users_->revocations_ = Revocations::load(auth.local_revoked_keys);
    if (const std::string& problem = users_->revocations_.problem(); !problem.empty())
      findings_.warnings.push_back(problem);
  }

  Findings& findings() noexcept { return findings_; }

  void read(const config::Node& document) {
    Section root(findings_, "", &document);
    Section users = root.section("users");
    if (!users.present() && findings_.errors.empty())
      return root.error("users", "there must be a mapping of users, even an empty one: {}");
    if (!users.present()) return;
    for (const auto& [name, value] : users.node()->members) {
      if (const char* mistake = name_mistake(name)) users.error(name, mistake);
      Section user = users.section(name);
      users_->users_.emplace(name, read_user(user));
    }
  }

  std::expected<std::shared_ptr<const Users>, config::Errors> finish() {
    if (!findings_.errors.empty()) return std::unexpected(std::move(findings_.errors));
    users_->base_ = std::move(base_);
    for (const auto& [name, user] : users_->users_)
      if (!user.password_hash.empty()) users_->decoys_.push_back(user.password_hash);
    if (users_->decoys_.empty()) users_->decoys_.push_back(fallback_decoy);
    users_->warnings_ = std::move(findings_.warnings);
    return std::shared_ptr<const Users>(std::move(users_));
  }

 private:
  // A key, or a file of keys; comments and empty lines are allowed, options are not.
  void read_authorities(const std::string& item) {
    const auto refuse = [&](const std::string& reason) {
      findings_.errors.push_back(
          fmt::format("invalid configuration option: auth.local.trustedUserCAKeys ({}: {})", item, reason));
    };
    std::string text = item;
    if (!ssh::PublicKey::from_text(item)) {
      auto content = config::read_text_file(item);
      if (!content) return refuse(content.error());
      text = std::move(*content);
    }
    const auto parsed = ssh::parse_authorized_keys(text);
    for (const auto& problem : parsed.problems)
      refuse(fmt::format("line {}: {}", problem.line, problem.reason));
    for (const auto& entry : parsed.keys) {
      if (!entry.options.empty()) refuse(fmt::format("line {}: a CA's key has no options here", entry.line));
      users_->authorities_.push_back(entry.key);
    }
  }

  User read_user(Section& section) {
    User user;
    if (section.field("password", user.password_hash))
      if (auto good = check_hash_format(user.password_hash); !good) section.error("password", good.error());
    read_inline_keys(section, user);
    read_key_file(section, user);
    std::vector<std::string> principals;
    if (section.field("principals", principals)) user.principals = std::move(principals);
    read_second_factor(section, user);
    if (user.password_hash.empty() && !has_some_key(user))
      findings_.warning(section.present() ? section.node()->line : 0, section.path(),
                        "has neither a password nor a key that admits anybody");
    else if (std::ranges::none_of(user.methods, [&](const auto& chain) { return has_all(user, chain); }))
      findings_.warning(section.present() ? section.node()->line : 0, section.path(),
                        "has not all that one of the methods in force asks for, so nobody can log in");
    user.config = base_;
    Section own = section.section("config");
    if (own.present()) {
      auto merged = std::make_shared<config::Config>(*base_);
      config::describe_backends(own, *merged);
      own.section("log", [&](config::Visitor& log) { config::describe_level(log, merged->log); });
      user.config = std::move(merged);
    }
    return user;
  }

  void read_second_factor(Section& section, User& user) {
    user.methods = base_->auth.local_methods;
    config::read_method_chains(section, "methods", base_->auth, user.methods);
    std::string text;
    if (!section.field("totp", text)) return;
    auto totp = Totp::parse(text);
    if (!totp) return section.error("totp", totp.error());
    user.totp = std::move(*totp);
    // Whoever writes a secret believes that it is asked for.
    const auto asks = [](const MethodChain& chain) { return std::ranges::count(chain, Factor::totp) != 0; };
    if (std::ranges::none_of(user.methods, asks))
      section.error("totp", "no method in force asks for it: write methods: [publickey+totp, password+totp]");
  }

  // A certificate of a CA for all is a key, too.
  [[nodiscard]] bool has_some_key(const User& user) const {
    return !user.keys.empty() || !users_->authorities_.empty();
  }
  [[nodiscard]] bool has_all(const User& user, const MethodChain& chain) const {
    return std::ranges::all_of(chain, [&](Factor factor) {
      if (factor == Factor::totp) return user.totp.has_value();
      return factor == Factor::password ? !user.password_hash.empty() : has_some_key(user);
    });
  }

  // Written by the operator: every one must be good.
  void read_inline_keys(Section& section, User& user) {
    std::vector<std::string> lines;
    if (!section.field("authorizedKeys", lines)) return;
    const config::Node& list = *section.raw("authorizedKeys");
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const auto parsed = ssh::parse_authorized_keys(lines[i]);
      const std::string path = fmt::format("{}[{}]", section.path_of("authorizedKeys"), i);
      const int line = list.items[i].line;
      for (const auto& problem : parsed.problems) findings_.error(line, path, problem.reason);
      if (parsed.keys.empty() && parsed.problems.empty()) findings_.error(line, path, "holds no key");
      for (const auto& entry : parsed.keys)
        if (auto added = add_key(user, entry); !added) findings_.error(line, path, added.error());
    }
  }

  // Often written by the user: a bad line admits nobody and is told, but it does not keep everybody else out.
  void read_key_file(Section& section, User& user) {
    std::string file;
    if (!section.field("authorizedKeysFile", file)) return;
    const auto text = config::read_text_file(file);
    if (!text) return section.error("authorizedKeysFile", text.error());
    const auto parsed = ssh::parse_authorized_keys(*text);
    for (const auto& problem : parsed.problems) refuse_line(file, problem.line, problem.reason);
    for (const auto& entry : parsed.keys)
      if (auto added = add_key(user, entry); !added) refuse_line(file, entry.line, added.error());
  }

  void refuse_line(const std::string& file, std::size_t line, const std::string& reason) {
    findings_.warnings.push_back(fmt::format("{}:{}: this key admits nobody: {}", file, line, reason));
  }

  static std::expected<void, std::string> add_key(User& user, const ssh::AuthorizedKeyLine& entry) {
    if (user.keys.size() >= max_keys) return std::unexpected(fmt::format("more than {} keys", max_keys));
    auto restrictions = interpret(entry.options);
    if (!restrictions) return std::unexpected(std::move(restrictions.error()));
    if (restrictions->verification_required && !restrictions->authority && !entry.key.is_security_key())
      return std::unexpected("option verify-required is for security keys, and this is none");
    user.keys.push_back({entry.key, std::move(*restrictions)});
    return {};
  }

  Findings findings_;
  std::shared_ptr<const config::Config> base_;
  std::unique_ptr<Users> users_;
};

namespace {

using Loaded = std::expected<std::shared_ptr<const Users>, config::Errors>;

// Whoever can write it can log in as anybody; whoever can read it can try passwords against the hashes.
void check_mode(const std::string& file, Findings& findings) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return;
  if ((status.st_mode & S_IWOTH) != 0)
    findings.errors.push_back(fmt::format("{}: is writable by everybody (chmod o-w)", file));
  if ((status.st_mode & S_IROTH) != 0)
    findings.warnings.push_back(
        fmt::format("{}: is readable by everybody on this machine (chmod o-r)", file));
}

Loaded read_document(std::expected<config::Node, config::Errors> document, UsersReader reader) {
  if (!document) return std::unexpected(std::move(document.error()));
  reader.read(*document);
  return reader.finish();
}

}  // namespace

Loaded Users::parse(std::string_view text, const std::string& name,
                    std::shared_ptr<const config::Config> base) {
  return read_document(config::parse_yaml(text, name), UsersReader(name, std::move(base)));
}

Loaded Users::load(std::shared_ptr<const config::Config> base) {
  const std::string file = base->auth.local_users_file;
  const auto text = config::read_text_file(file);
  if (!text) return std::unexpected(config::Errors{text.error()});
  UsersReader reader(file, std::move(base));
  check_mode(file, reader.findings());
  auto document = file.ends_with(".json") ? config::parse_json(*text, file) : config::parse_yaml(*text, file);
  return read_document(std::move(document), std::move(reader));
}

const User* Users::find(std::string_view name) const noexcept {
  const auto user = users_.find(name);
  return user == users_.end() ? nullptr : &user->second;
}

std::shared_ptr<const config::Config> Users::config_for(std::string_view name) const {
  const User* user = find(name);
  return user != nullptr ? user->config : base_;
}

const std::vector<MethodChain>& Users::methods_for(std::string_view name) const {
  const User* user = find(name);
  return user != nullptr ? user->methods : base_->auth.local_methods;
}

std::set<Factor> Users::first_factors() const {
  std::set<Factor> factors;
  const auto add = [&](const std::vector<MethodChain>& chains) {
    for (const MethodChain& chain : chains) factors.insert(chain.front());
  };
  add(base_->auth.local_methods);
  for (const auto& [name, user] : users_) add(user.methods);
  return factors;
}

const std::string& Users::decoy_hash(std::string_view name) const noexcept {
  // The same one for the same name, as with a real user.
  return decoys_[std::hash<std::string_view>{}(name) % decoys_.size()];
}

std::set<std::string> Users::backends() const {
  std::set<std::string> names{base_->backend};
  for (const auto& [name, user] : users_) names.insert(user.config->backend);
  return names;
}

}  // namespace fairlead::auth
