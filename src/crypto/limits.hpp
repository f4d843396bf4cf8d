// SPDX-License-Identifier: Apache-2.0
// The limits of the crypto floor, each with its reason.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fairlead::ssh {

// Below, RSA can be factored by a well-paid attacker; above, one verification keeps a core busy for long
// (CVE-2026-39829).
inline constexpr int min_rsa_bits = 2048;
inline constexpr int max_rsa_bits = 16384;
// A larger public exponent is never needed and makes verification as slow as signing.
inline constexpr std::size_t max_rsa_exponent_bits = 32;

// An RSA key of max_rsa_bits takes 2.1 KB; OpenSSH's bound for a key is this too.
inline constexpr std::size_t max_key_blob = std::size_t{16} * 1024;
// A private RSA key of max_rsa_bits in PEM is 13 KB; the rest is room for comments.
inline constexpr std::size_t max_key_file = std::size_t{64} * 1024;
// bcrypt rounds of a key file: ssh-keygen's default is 16 (0.1 s); the maximum takes some 10 s and cannot
// hang a start.
inline constexpr std::uint32_t max_bcrypt_rounds = 1024;
inline constexpr std::size_t max_bcrypt_salt = 1024;  // ssh-keygen writes 16

// Certificates: two RSA keys and a signature of max_rsa_bits are 6.3 KB, the rest is room for names and
// options; both sides hash all of it before they know whether they trust it.
inline constexpr std::size_t max_certificate = std::size_t{64} * 1024;
inline constexpr std::size_t max_certificate_principals = 256;  // OpenSSH's bound
inline constexpr std::size_t max_certificate_options = 64;      // of each kind; OpenSSH knows four and seven
// A revocation list is the operator's: a million fingerprints are 36 MB. It is held in memory, so a wrong
// file name must not fill it.
inline constexpr std::size_t max_revocation_list = std::size_t{64} * 1024 * 1024;

// authorized_keys of one user: parsing is linear, so this bounds the work a hostile file causes to
// milliseconds.
inline constexpr std::size_t max_authorized_keys = std::size_t{1024} * 1024;

}  // namespace fairlead::ssh
