// SPDX-License-Identifier: Apache-2.0
// What webhooks are asked: the connection's metadata as JSON, member for member as ContainerSSH writes it
// (services.md sections 0.3, 1.3 and 4.2).
#pragma once

#include "base/secret.hpp"
#include "config/metadata.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace fairlead::webhook {

// Whom a request is about.
struct Subject {
  std::string connection_id;
  std::string remote_address;  // without port
  std::uint16_t remote_port = 0;
  std::string client_version;
  std::string username;  // as typed
  config::Metadata metadata{};
};

// A request's JSON, wiped when it goes: it may hold a password.
class Body {
 public:
  explicit Body(std::string text) : text_(std::move(text)) {}
  Body(Body&& other) noexcept : text_(std::move(other.text_)) {}
  Body& operator=(Body&&) = delete;
  ~Body() { ssh::wipe({reinterpret_cast<std::byte*>(text_.data()), text_.size()}); }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;  // too long to be stored in the object itself: a move leaves no copy
};

enum class Sensitive : std::uint8_t { leave_out, send };

// `sensitive` says what happens to entries that are marked so.
[[nodiscard]] Body password_request(const Subject& subject, ssh::Bytes password);
// `key` is a line "type base64" without a comment, of a key or of a certificate.
[[nodiscard]] Body public_key_request(const Subject& subject, std::string_view key);
// Without a credential: for authorization and for the configuration server.
[[nodiscard]] Body subject_request(const Subject& subject, Sensitive sensitive);

// Whether subject_request() leaves something out.
[[nodiscard]] bool has_sensitive(const config::Metadata& metadata);

}  // namespace fairlead::webhook
