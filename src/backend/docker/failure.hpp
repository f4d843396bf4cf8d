// SPDX-License-Identifier: Apache-2.0
// Turns what went wrong with an engine into a sentence for the log and one for the person who logs in.
#pragma once

#include "backend/backend.hpp"
#include "http/error.hpp"

#include <exception>
#include <string>

namespace fairlead::docker {

// Sentences for users, by what an engine that cannot be talked to did.
struct FailureTexts {
  const char* not_running;
  const char* no_answer;
  const char* went_away;
  const char* otherwise;
  [[nodiscard]] std::string text_for(const http::HttpError& error) const;
};

// A BackendError stays as it is. `doing` begins the log's sentence: "start a box".
[[nodiscard]] backend::BackendError explain(const std::exception_ptr& failure, const std::string& doing);

// Its what(), or empty.
[[nodiscard]] std::string words_of(const std::exception_ptr& failure);

// The engine said something: it lives, and calls to it are worth making.
[[nodiscard]] bool engine_answered(const std::exception_ptr& failure);

// The engine's storage driver cannot bound a container's disk use.
[[nodiscard]] bool is_quota_refusal(const std::exception_ptr& failure);

// The directory that was to be mounted does not exist where the engine runs.
[[nodiscard]] bool is_foreign_file_system(const std::exception_ptr& failure);

}  // namespace fairlead::docker
