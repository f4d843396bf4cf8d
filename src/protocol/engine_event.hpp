// SPDX-License-Identifier: Apache-2.0
// What an Engine tells its owner.
#pragma once

#include "base/secret.hpp"

#include <fairlead/ssh/bytes.hpp>
#include <fairlead/ssh/certificate.hpp>
#include <fairlead/ssh/channel_types.hpp>
#include <fairlead/ssh/error.hpp>
#include <fairlead/ssh/keys.hpp>
#include <fairlead/ssh/login_refusal.hpp>
#include <fairlead/ssh/prompts.hpp>
#include <fairlead/ssh/requests.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace fairlead::ssh {

// Our own number of a channel, small and reused after both sides have closed it.
using ChannelId = std::uint32_t;

enum class DataType : std::uint32_t { standard = 0, stderr_ = 1 };  // RFC 4254 section 5.2

// Spans and string_views in events point into next()'s input or into the engine: valid until the next call of
// next().
namespace event {
// The input holds no further whole packet.
struct NeedMore {};
// Server: sign this with that host key, then call host_signature(). Nothing else is received until then.
struct SignatureWanted {
  std::size_t host_key;  // index into EngineConfig::host_keys
  std::string_view algorithm;
  Bytes exchange_hash;
};
// Client: the server proved that it owns this key; call accept_host_key() or give up. Only on the first key
// exchange.
struct HostKeyOffered {
  PublicKey key;
  std::optional<Certificate>
      certificate;  // of `key`; who trusts its CA, and for which host, is yet to be asked
};
// Keys are in place in both directions; `first` is false after a rekey.
struct KeysReady {
  bool first;
};
// Server: answer with accept_auth(), continue_auth(), reject_auth() or, for a query, accept_auth_query(); a
// dialogue goes on with prompt_auth() or choose_gssapi(). One is pending at a time. A dialogue that was under
// way is over with it.
struct AuthAttempt {
  enum class Method : std::uint8_t { none, password, publickey, keyboard_interactive, gssapi } method;
  std::string_view user;
  Bytes password;                // password
  std::optional<PublicKey> key;  // publickey with a plain key
  std::optional<Certificate>
      certificate;             // publickey with a certificate: then there is no `key` to mistake it for
  std::string_view algorithm;  // publickey
  bool query = false;          // publickey: no signature yet. False means the signature has been verified.
  std::optional<SecurityKeyUse>
      use;  // publickey, verified: of a key in a FIDO token, which nobody may have touched
  std::vector<Bytes> mechanisms;  // gssapi: OIDs in DER, in the client's order of preference
};
// Server: what was answered to prompt_auth(), as many as there were prompts; answer as AuthAttempt.
struct AuthAnswers {
  std::vector<SecretBytes> answers;
};
// Server: for the mechanism that was chosen; answer with continue_gssapi() or reject_gssapi().
struct GssapiToken {
  Bytes token;
};
// Server: verify it, then answer as AuthAttempt.
struct GssapiMic {
  Bytes mic;
  std::vector<std::byte> message;  // what it has to cover
};
// Server: refused without asking (unknown method, bad key, wrong signature …); for the log. A dialogue that
// was under way is over with it.
struct AuthRefused {
  std::string_view user, method;
  LoginRefusal why;
  const char* reason;
};
// Client: what the server said.
struct AuthSucceeded {};
struct AuthFailed {
  std::string_view methods;  // name-list that can continue
  bool partial_success;
};
struct AuthQueryAccepted {};
// Client: answer with answer_prompts(), or make another request to give up.
struct AuthPrompts {
  PromptRound round;  // hostile text
};
struct AuthBanner {
  std::string_view text;
};
// Decide with confirm_open() or refuse_open().
struct ChannelOpen {
  ChannelId channel;
  std::string_view type;
  Bytes extra;
};
struct OpenConfirmed {
  ChannelId channel;
  Bytes extra;
};
struct OpenFailed {
  ChannelId channel;  // free again
  OpenFailure reason;
  std::string_view text;
};
// Credit goes back to the peer with consumed(), when the application has taken the bytes.
struct ChannelData {
  ChannelId channel;
  DataType type;
  Bytes data;
};
// More may be sent: the window grew, or a key exchange ended (then channel is not set and it concerns all).
struct Writable {
  std::optional<ChannelId> channel;
};
// Answer with reply() when want_reply, in any order: the engine keeps the peer's order.
struct ChannelRequest {
  ChannelId channel;
  std::uint32_t ticket;
  std::string_view name;
  bool want_reply;
  Bytes payload;
};
// The answer to our oldest unanswered request on that channel.
struct ChannelReply {
  ChannelId channel;
  bool success;
};
struct ChannelEof {
  ChannelId channel;
};
// The peer will send no more. The number is free when our own close is out too, which close_channel() does if
// need be.
struct ChannelClosed {
  ChannelId channel;
};
struct GlobalRequest {
  std::uint32_t ticket;
  std::string_view name;
  bool want_reply;
  Bytes payload;
};
struct GlobalReply {
  bool success;
  Bytes payload;
};
// The peer's SSH_MSG_DISCONNECT; `text` is hostile. Nothing follows.
struct Disconnected {
  DisconnectReason reason;
  std::string_view text;
};
}  // namespace event

using EngineEvent =
    std::variant<event::NeedMore, event::SignatureWanted, event::HostKeyOffered, event::KeysReady,
                 event::AuthAttempt, event::AuthRefused, event::AuthSucceeded, event::AuthFailed,
                 event::AuthQueryAccepted, event::AuthPrompts, event::AuthAnswers, event::GssapiToken,
                 event::GssapiMic, event::AuthBanner, event::ChannelOpen, event::OpenConfirmed,
                 event::OpenFailed, event::ChannelData, event::Writable, event::ChannelRequest,
                 event::ChannelReply, event::ChannelEof, event::ChannelClosed, event::GlobalRequest,
                 event::GlobalReply, event::Disconnected>;

}  // namespace fairlead::ssh
