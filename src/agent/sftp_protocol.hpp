// SPDX-License-Identifier: Apache-2.0
// The numbers of SFTP version 3 (draft-ietf-secsh-filexfer-02), and the limits that we tell the client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace fairlead::agent::sftp {

inline constexpr std::uint32_t protocol_version = 3;

enum class Message : std::uint8_t {
  init = 1,
  version = 2,
  open = 3,
  close = 4,
  read = 5,
  write = 6,
  lstat = 7,
  fstat = 8,
  setstat = 9,
  fsetstat = 10,
  opendir = 11,
  readdir = 12,
  remove = 13,
  mkdir = 14,
  rmdir = 15,
  realpath = 16,
  stat = 17,
  rename = 18,
  readlink = 19,
  symlink = 20,
  status = 101,
  handle = 102,
  data = 103,
  name = 104,
  attrs = 105,
  extended = 200,
  extended_reply = 201,
};

enum class StatusCode : std::uint32_t {
  ok = 0,
  eof = 1,
  no_such_file = 2,
  permission_denied = 3,
  failure = 4,
  bad_message = 5,
  op_unsupported = 8,
};

// What a request comes to, with words for a person.
struct Status {
  StatusCode code = StatusCode::ok;
  std::string message = "Success";

  static Status eof() { return {StatusCode::eof, "End of file"}; }
  static Status failure(std::string why) { return {StatusCode::failure, std::move(why)}; }
  static Status bad_message() { return {StatusCode::bad_message, "Bad message"}; }
  static Status unsupported() { return {StatusCode::op_unsupported, "Operation unsupported"}; }
  static Status unknown_handle() { return {StatusCode::failure, "Unknown handle"}; }
  // An errno as OpenSSH's server maps it; 0 is success.
  static Status of_errno(int error);
  // Of a system call's result: success unless it is negative.
  static Status of_call(std::int64_t result);
};

// SSH_FXF_ of section 6.3.
namespace open_flag {
inline constexpr std::uint32_t read = 1, write = 2, append = 4, create = 8, truncate = 0x10, exclusive = 0x20;
}

// SSH_FILEXFER_ATTR_ of section 5.
namespace attribute_flag {
inline constexpr std::uint32_t size = 1, ids = 2, permissions = 4, times = 8, extended = 0x80000000;
}

// Without the length field. The draft asks for 34000 at least; OpenSSH's client and server take 256 KiB.
inline constexpr std::size_t longest_packet = std::size_t{256} * 1024;
// Leaves room for the other fields of a READ's answer and a WRITE; the value OpenSSH's clients know.
inline constexpr std::size_t longest_data = longest_packet - 1024;
// OpenSSH's clients keep one open per transfer, mounts some dozens; the usual limit of descriptors is 1024.
inline constexpr std::size_t handles = 100;
// Entries per READDIR: 100 of the longest names with their long forms and attributes fill a quarter packet.
inline constexpr std::size_t directory_entries = 100;
// Attributes may carry any number of extended pairs, of which we know none; nobody sends more than a few.
inline constexpr std::uint32_t extended_attributes = 64;
// Answers are held back until so many bytes are waiting or there is no request left: one write for many.
inline constexpr std::size_t output_batch = longest_packet;

}  // namespace fairlead::agent::sftp
