// SPDX-License-Identifier: Apache-2.0
// Which message may come when (security requirement TM-6): one table, default deny.
#pragma once

#include <cstdint>

namespace fairlead::ssh {

enum class Role : std::uint8_t;

// What we wait for. The rekey phases begin when the peer's KEXINIT has come (KX-5): before that, a rekey that
// we have started changes nothing about what the peer may send.
enum class Phase : std::uint8_t {
  identification,  // no messages yet
  kexinit,         // the first KEXINIT
  kex,             // first exchange: KEX_INIT (server), KEX_REPLY (client), or a wrong guess to skip
  newkeys,         // first exchange: NEWKEYS
  service,         // SERVICE_REQUEST (server), SERVICE_ACCEPT (client)
  auth,
  auth_prompts,  // server: a keyboard-interactive dialogue waits for its answers
  auth_gssapi,   // server: a gssapi-with-mic exchange is under way
  open,          // authenticated
  rekey_kex,
  rekey_newkeys,
};

// A method that takes more than one message.
enum class AuthDialogue : std::uint8_t { none, prompts, gssapi };

enum class Legality : std::uint8_t {
  process,
  ignore,         // allowed and without effect
  unimplemented,  // answered with UNIMPLEMENTED
  disconnect,
};

struct Situation {
  Role role;  // ours
  Phase phase;
  bool strict;  // strict key exchange has been negotiated (KX-16)
};

[[nodiscard]] Legality verdict(Situation situation, std::uint8_t number) noexcept;

}  // namespace fairlead::ssh
