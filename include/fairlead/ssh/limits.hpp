// SPDX-License-Identifier: Apache-2.0
// Every limit of the engine with its reason. Nothing in the engine grows without one of these.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace fairlead::ssh::limits {

// RFC 4253 section 4.2: 255 bytes with CR LF.
inline constexpr std::size_t identification_line = 255;
// RFC 4253 section 4.2 lets a server send lines first; only our client role accepts any.
inline constexpr std::size_t lines_before_identification = 1024;
inline constexpr std::size_t line_before_identification = 8192;                     // bytes; OpenSSH's bound
inline constexpr std::size_t bytes_before_identification = std::size_t{64} * 1024;  // of all those lines

// RFC 4253 section 6.1 demands 35000; OpenSSH and x/crypto accept 256 KiB.
inline constexpr std::size_t packet_length = std::size_t{256} * 1024;
// Of padding to hide lengths: padding_length is one byte, at least 4 is padding anyway, and 16 divides it, as
// every cipher's block size does.
inline constexpr std::size_t padding_unit = 240;
// What we put in one CHANNEL_DATA and announce as our maximum packet size.
inline constexpr std::uint32_t channel_packet = 32 * 1024;

// RFC 4253 section 9 recommends 1 GiB or an hour; RFC 4344 section 3.1: 2^31 packets.
inline constexpr std::uint64_t rekey_bytes = std::uint64_t{1} << 30;
inline constexpr std::uint64_t rekey_packets = std::uint64_t{1} << 31;
inline constexpr std::chrono::seconds rekey_interval{3600};
// One key never protects more: a GCM nonce would repeat.
inline constexpr std::uint64_t packets_per_key = (std::uint64_t{1} << 32) - 1;
// A key exchange that the peer starts and does not finish holds our output back.
inline constexpr std::chrono::seconds key_exchange_deadline{60};
// The first one, and what comes before the login: until we have sent our last message of it. Then a client's
// user may be comparing fingerprints, and the login deadline decides.
inline constexpr std::chrono::seconds early_key_exchange_deadline{30};

// Control messages that wait for the end of a key exchange: more than a peer can cause in a round trip of
// honest use.
inline constexpr std::size_t gated_control = std::size_t{256} * 1024;
// Key exchanges before authentication: a login needs one, and each costs us a signature.
inline constexpr unsigned early_key_exchanges = 4;

// Of the text in a peer's DISCONNECT we keep so many bytes: a sentence for the log.
inline constexpr std::size_t disconnect_text = 256;

inline constexpr std::size_t algorithm_name = 64;       // RFC 4251 section 6
inline constexpr std::size_t ext_info_extensions = 64;  // OpenSSH knows six

inline constexpr std::size_t user_name = 255;   // bytes; longer than any account system allows
inline constexpr std::size_t password = 1024;   // bytes; OpenSSH's own limit
inline constexpr unsigned auth_failures = 6;    // OpenSSH's MaxAuthTries
inline constexpr unsigned auth_requests = 128;  // of any kind, queries and successes included
// Attempts of one connection that nobody could decide about and that count as no failure: a full agent's keys
// and some passwords. Later ones count, so that an outage that comes and goes is no free guessing.
inline constexpr unsigned auth_outages = 20;
// Of one attempt: INFO_REQUESTs, those without prompts included, or tokens of a GSS-API mechanism (Kerberos
// needs two, what negotiates needs four).
inline constexpr unsigned auth_rounds = 10;
inline constexpr std::size_t auth_prompts = 32;          // in one round; a screen holds fewer
inline constexpr std::size_t gssapi_mechanisms = 16;     // OIDs in one request (CVE-2025-58181)
inline constexpr std::chrono::seconds login_grace{120};  // OpenSSH's LoginGraceTime

inline constexpr std::size_t channels = 100;  // open at once, each direction of opening included
inline constexpr std::uint32_t initial_window = 1024 * 1024;  // design section 6, lesson 5
inline constexpr std::uint32_t largest_window = 16 * 1024 * 1024;
inline constexpr std::size_t environment_variables = 128;  // per channel, as OpenSSH
inline constexpr std::size_t environment_name = 256;
inline constexpr std::size_t environment_value = std::size_t{32} * 1024;
inline constexpr std::size_t terminal_name = 64;
inline constexpr std::size_t terminal_modes = 159;     // RFC 4254 section 8: opcodes 1 to 159, each once
inline constexpr std::uint32_t terminal_side = 65535;  // struct winsize counts in 16 bits
inline constexpr std::size_t host_name = 255;          // RFC 1035 section 2.3.4
inline constexpr std::size_t socket_path = 107;        // sockaddr_un has 108 bytes, the last is NUL
inline constexpr std::size_t x11_cookie = 256;         // digits; MIT-MAGIC-COOKIE-1 has 32
inline constexpr std::uint32_t x11_screen = 255;       // no X server has as many
// Announced by a server or asked about by a client: every type that there is, each in an old and a new key.
inline constexpr std::size_t host_keys = 32;
// Announcements that a client looks into and proofs that a server makes on one connection: each costs a
// signature per key, and one is what there is.
inline constexpr unsigned host_key_updates = 4;
inline constexpr std::size_t request_name = 64;  // RFC 4250 section 4.6.1, channel types and subsystems too
inline constexpr std::size_t unanswered_requests =
    32;  // per channel and of the connection; more are refused at once
// Refused requests whose refusal waits behind an unanswered one; a peer that causes more is disconnected.
inline constexpr std::size_t refused_requests = 1024;
inline constexpr std::size_t undecided_channels = 16;
// Output of a program that run() keeps for its caller, who may say otherwise.
inline constexpr std::size_t collected_output = std::size_t{16} * 1024 * 1024;

// Sealed bytes waiting for the socket: writers wait above the high mark and go on below the low one.
inline constexpr std::size_t output_high_water = std::size_t{256} * 1024;
inline constexpr std::size_t output_low_water = std::size_t{128} * 1024;
// Requests and messages that do not wait for the low mark; an application that relays them must not fill
// memory either.
inline constexpr std::size_t output_ceiling = std::size_t{4} * 1024 * 1024;
// What is left to send at the end, DISCONNECT above all, has this long to leave.
inline constexpr std::chrono::seconds parting_deadline{2};
// Replies and window adjustments that the peer causes without reading them (CVE-2025-26466's class).
inline constexpr std::size_t control_backlog = std::size_t{64} * 1024;
inline constexpr std::chrono::seconds control_backlog_deadline{30};

// A peer that vanished, or that has stopped and takes no more bytes, is given up by the kernel after
// tcp_silence; an idle one is asked every tcp_probe. A laptop may sleep, or a client be stopped by Ctrl-Z, a
// lunch long and find its session again; whoever wants to know sooner sets ServerConfig::alive_interval.
inline constexpr std::chrono::seconds tcp_probe{60};
inline constexpr std::chrono::seconds tcp_silence{1800};

}  // namespace fairlead::ssh::limits
