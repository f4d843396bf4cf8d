// SPDX-License-Identifier: Apache-2.0
// Chains of factors: reading them, and whether they can be carried out.
#include "config/method_chain.hpp"

#include "config/config.hpp"
#include "config/visitor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace fairlead::config {
namespace {

struct FactorName {
  Factor factor;
  std::string_view text;
  const char* needed;  // what has to be configured for it
};
constexpr std::array<FactorName, 3> factor_names{
    {{Factor::public_key, "publickey", "auth.publicKey.method: local"},
     {Factor::password, "password", "auth.password.method: local or auth.keyboardInteractive.method: local"},
     {Factor::totp, "totp", "auth.keyboardInteractive.method: local"}}};

std::optional<Factor> factor_named(std::string_view text) {
  for (const FactorName& name : factor_names)
    if (text == name.text) return name.factor;
  return std::nullopt;
}

std::string mistake(const MethodChain& chain, const Auth& auth) {
  for (const Factor factor : chain) {
    const FactorName& name = factor_names.at(static_cast<std::size_t>(factor));
    if (!is_offered(factor, auth)) return fmt::format("{} needs {}", name.text, name.needed);
  }
  return {};
}

std::string chain_text(const MethodChain& chain) {
  std::string text;
  for (const Factor factor : chain)
    text.append(text.empty() ? "" : "+").append(factor_names.at(static_cast<std::size_t>(factor)).text);
  return text;
}

bool anything_offered(const Auth& auth) {
  return is_offered(Factor::public_key, auth) || is_offered(Factor::password, auth);
}

}  // namespace

std::expected<MethodChain, std::string> parse_method_chain(std::string_view text) {
  MethodChain chain;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('+', begin), text.size());
    const std::string_view name = text.substr(begin, end - begin);
    const auto factor = factor_named(name);
    if (!factor)
      return std::unexpected(
          fmt::format("expected publickey, password and totp with + between, found \"{}\"", text));
    if (std::ranges::find(chain, *factor) != chain.end())
      return std::unexpected(fmt::format("{} is there twice", name));
    chain.push_back(*factor);
    begin = end + 1;
  }
  // Whoever may guess codes without having shown anything else can keep the user out (RFC 4226 section 7.3).
  if (chain.front() == Factor::totp)
    return std::unexpected("totp is a second factor: publickey or password comes before it");
  return chain;
}

bool is_offered(Factor factor, const Auth& auth) noexcept {
  const bool keyboard = auth.keyboard_interactive_method == "local";
  switch (factor) {
    case Factor::public_key:
      return auth.public_key_method == "local";
    case Factor::password:
      return keyboard || auth.password_method == "local";
    case Factor::totp:
      return keyboard;
  }
  return false;
}

void read_method_chains(Visitor& section, std::string_view key, const Auth& auth,
                        std::vector<MethodChain>& chains) {
  // What is not offered need not be said.
  std::vector<std::string> texts;
  for (const MethodChain& chain : chains)
    if (mistake(chain, auth).empty()) texts.push_back(chain_text(chain));
  if (!section.field(key, texts)) return;
  std::vector<MethodChain> read;
  for (const std::string& text : texts) {
    auto chain = parse_method_chain(text);
    const std::string reason = chain ? mistake(*chain, auth) : chain.error();
    if (reason.empty())
      read.push_back(std::move(*chain));
    else
      section.error(key, reason);
  }
  if (texts.empty() && anything_offered(auth)) section.error(key, "names no method: nobody could log in");
  chains = std::move(read);
}

}  // namespace fairlead::config
