// SPDX-License-Identifier: Apache-2.0
// One webhook: asks a server until it has answered, or the time for it is over.
#pragma once

#include "config/http.hpp"
#include "http/client.hpp"
#include "observe/log.hpp"
#include "webhook/answer.hpp"
#include "webhook/request.hpp"
#include "webhook/retry.hpp"
#include "webhook/slots.hpp"

#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace fairlead::webhook {

// What tells one kind of webhook from another. Codes are those of codes.md.
struct Kind {
  std::string_view path;  // behind the configured URL
  Form form = Form::verdict;
  std::string_view asking;        // debug, at each attempt
  std::string_view failed;        // debug, at each attempt that failed; error, when no other follows
  std::string_view wrong_status;  // reason of an answer with another status than 200
};

inline constexpr Kind password_kind{"/password", Form::verdict, "AUTH", "AUTH_BACKEND_ERROR",
                                    "AUTH_INVALID_STATUS"};
inline constexpr Kind public_key_kind{"/pubkey", Form::verdict, "AUTH", "AUTH_BACKEND_ERROR",
                                      "AUTH_INVALID_STATUS"};
inline constexpr Kind authz_kind{"/authz", Form::verdict, "AUTH", "AUTH_BACKEND_ERROR",
                                 "AUTH_INVALID_STATUS"};
inline constexpr Kind config_kind{"", Form::configuration, "CONFIG_REQUEST", "CONFIG_BACKEND_ERROR",
                                  "CONFIG_INVALID_STATUS_CODE"};

// Why there is no answer. `reason` is a code: HTTP_CLIENT_CONNECTION_FAILED, AUTH_INVALID_STATUS, …
struct Failure {
  std::string reason;
  std::string detail;  // a sentence for the log, without anything that the server or the client said
};

// Thread-safe: shared by all logins; each core has connections of its own.
class Target {
 public:
  // The error is a reason: "cacert: …".
  [[nodiscard]] static std::expected<std::shared_ptr<Target>, std::string> make(
      const config::HttpClient& block, const Kind& kind, Clock::duration budget);

  // `log` carries the labels of whom it is about. Throws operation_aborted when the calling coroutine is
  // cancelled, which ends a request under way, too. This object must live until the task is done.
  [[nodiscard]] ssh::Task<std::expected<Answer, Failure>> ask(Body body, observe::Log log) const;

  [[nodiscard]] Clock::duration budget() const noexcept { return budget_; }

 private:
  Target(http::Client client, const Kind& kind) : client_(std::move(client)), kind_(kind) {}

  struct Problem;
  using Outcome = std::expected<Answer, Problem>;
  [[nodiscard]] ssh::Task<Outcome> attempt(const Body& body, Clock::time_point deadline) const;
  [[nodiscard]] ssh::Task<std::expected<http::Response, Problem>> exchange(const Body& body,
                                                                           Clock::time_point deadline) const;
  [[nodiscard]] Outcome judge(const http::Response& response) const;
  [[nodiscard]] Slots line_of(const ssh::asio::any_io_executor& executor) const;
  void tell(const observe::Log& log, observe::Level level, const Problem& problem) const;
  void tell_skipped(const observe::Log& log, const Answer& answer) const;

  http::Client client_;
  Kind kind_;
  std::string target_;  // path of the request
  Clock::duration budget_{};
  Clock::duration timeout_{};  // of one attempt
  unsigned redirects_ = 0;
  mutable std::mutex mutex_;
  mutable std::map<const void*, Slots> lines_;  // by io_context
};

}  // namespace fairlead::webhook
