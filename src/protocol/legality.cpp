// SPDX-License-Identifier: Apache-2.0
// The table of messages that may come, expanded once into one byte for each (role, phase, strictness,
// number).
#include "protocol/legality.hpp"

#include "protocol/engine.hpp"
#include "protocol/message_numbers.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace fairlead::ssh {

namespace {

using PhaseSet = unsigned;
using RoleSet = unsigned;

template <class... P>
constexpr PhaseSet phases(P... phase) {
  return ((1U << static_cast<unsigned>(phase)) | ...);
}

constexpr RoleSet server = 1U << static_cast<unsigned>(Role::server);
constexpr RoleSet client = 1U << static_cast<unsigned>(Role::client);
constexpr RoleSet link = 1U << static_cast<unsigned>(Role::link);
constexpr RoleSet secure = server | client;
constexpr RoleSet any = secure | link;

constexpr PhaseSet first_exchange = phases(Phase::kexinit, Phase::kex, Phase::newkeys);
constexpr PhaseSet rekey = phases(Phase::rekey_kex, Phase::rekey_newkeys);
// A dialogue ends with any other request, so all that may come without one may come with one.
constexpr PhaseSet authenticating = phases(Phase::auth, Phase::auth_prompts, Phase::auth_gssapi);
constexpr PhaseSet settled = phases(Phase::service, Phase::open) | authenticating;
constexpr PhaseSet open = phases(Phase::open);

struct Rule {
  std::uint8_t first, last;  // message numbers
  RoleSet receiver;
  PhaseSet in;
  Legality verdict;
  bool also_strict = true;
};

// The first rule that fits decides; what no rule names is answered by disconnecting.
constexpr Rule rules[] = {
    {msg::disconnect, msg::disconnect, any, first_exchange | settled | rekey, Legality::process},
    // KX-16, KX-17: Terrapin (CVE-2023-48795) hides a manipulated sequence number behind messages without
    // effect.
    {msg::ignore, msg::debug, secure, first_exchange, Legality::ignore, false},
    {msg::ignore, msg::debug, any, settled | rekey, Legality::ignore},
    // Paramiko asks for the service again before each attempt.
    {msg::service_request, msg::service_request, server, phases(Phase::service) | authenticating,
     Legality::process},
    {msg::service_accept, msg::service_accept, client, phases(Phase::service), Legality::process},
    // KX-19: right behind the first NEWKEYS; a server's second one comes just before USERAUTH_SUCCESS.
    {msg::ext_info, msg::ext_info, server, phases(Phase::service), Legality::process},
    {msg::ext_info, msg::ext_info, client, phases(Phase::service, Phase::auth), Legality::process},
    {msg::kexinit, msg::kexinit, secure, phases(Phase::kexinit) | settled, Legality::process},
    {msg::kex_init, msg::kex_init, server, phases(Phase::kex, Phase::rekey_kex), Legality::process},
    {msg::kex_reply, msg::kex_reply, client, phases(Phase::kex, Phase::rekey_kex), Legality::process},
    {msg::newkeys, msg::newkeys, secure, phases(Phase::newkeys, Phase::rekey_newkeys), Legality::process},
    {msg::userauth_request, msg::userauth_request, server, authenticating, Legality::process},
    {msg::userauth_info_response, msg::userauth_info_response, server, phases(Phase::auth_prompts),
     Legality::process},
    {msg::userauth_gssapi_token, msg::userauth_gssapi_token, server, phases(Phase::auth_gssapi),
     Legality::process},
    {msg::userauth_gssapi_exchange_complete, msg::userauth_gssapi_exchange_complete, server,
     phases(Phase::auth_gssapi), Legality::process},
    {msg::userauth_gssapi_errtok, msg::userauth_gssapi_mic, server, phases(Phase::auth_gssapi),
     Legality::process},
    // RFC 4252 section 5.3: requests behind the one that succeeded are ignored silently.
    {msg::userauth_request, msg::userauth_request, server, open, Legality::ignore},
    {msg::userauth_failure, msg::userauth_banner, client, phases(Phase::auth), Legality::process},
    // PK_OK or INFO_REQUEST: UserAuthClient knows what was asked.
    {msg::userauth_pk_ok, msg::userauth_pk_ok, client, phases(Phase::auth), Legality::process},
    {msg::global_request, msg::request_failure, any, open, Legality::process},
    {msg::channel_open, msg::channel_failure, any, open, Legality::process},
    // TM-4: no PONG before authentication or during a key exchange (CVE-2025-26466).
    {msg::ping, msg::ping, any, open, Legality::process},
    {msg::pong, msg::pong, any, open, Legality::ignore},
    // TM-1: numbers that nobody has given a meaning yet, and those of a key exchange's or a login's method:
    // without one under way they mean nothing (RFC 4253 section 11.4). What has a meaning and may not come
    // now disconnects. A link has neither keys nor logins.
    {8, 19, any, open, Legality::unimplemented},
    {22, 29, secure, open, Legality::unimplemented},
    {32, 49, secure, open, Legality::unimplemented},
    {54, 79, secure, open, Legality::unimplemented},
    {83, 89, any, open, Legality::unimplemented},
    {101, 255, any, open, Legality::unimplemented},
};

constexpr std::size_t roles = 3;
constexpr std::size_t phase_count = static_cast<std::size_t>(Phase::rekey_newkeys) + 1;
using Row = std::array<Legality, 256>;
using Table = std::array<std::array<std::array<Row, 2>, phase_count>, roles>;

constexpr Legality decide(Situation situation, unsigned number) {
  for (const Rule& rule : rules) {
    const bool fits = rule.first <= number && number <= rule.last &&
                      (rule.receiver >> static_cast<unsigned>(situation.role) & 1U) != 0 &&
                      (rule.in >> static_cast<unsigned>(situation.phase) & 1U) != 0 &&
                      (rule.also_strict || !situation.strict);
    if (fits) return rule.verdict;
  }
  return Legality::disconnect;
}

Table make_table() {
  Table table{};
  for (std::size_t role = 0; role < roles; ++role)
    for (std::size_t phase = 0; phase < phase_count; ++phase)
      for (const bool strict : {false, true})
        for (unsigned number = 0; number < 256; ++number)
          table[role][phase][strict][number] =
              decide({static_cast<Role>(role), static_cast<Phase>(phase), strict}, number);
  return table;
}

}  // namespace

Legality verdict(Situation situation, std::uint8_t number) noexcept {
  static const Table table = make_table();
  return table[static_cast<std::size_t>(situation.role)][static_cast<std::size_t>(situation.phase)]
              [situation.strict][number];
}

}  // namespace fairlead::ssh
