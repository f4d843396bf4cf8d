// SPDX-License-Identifier: Apache-2.0
// Sentences for failures of an engine. Those for users are fixed texts without internals (design section 5).
#include "backend/docker/failure.hpp"

#include "backend/docker/engine.hpp"
#include "backend/docker/pull.hpp"

namespace fairlead::docker {
namespace {

using backend::BackendError;

constexpr FailureTexts at_start{
    .not_running = "The container engine is not running. Please try again later, or tell the administrator.",
    .no_answer = "The container engine does not answer in time. Please try again later.",
    .went_away = "The container engine went away. Please try again.",
    .otherwise = "Your box could not be started. Please tell the administrator."};

constexpr const char* fetch_later = "The image of your box could not be fetched. Please try again later.";

// Asking for an image, or an error inside its progress report.
bool is_pull(const EngineError& error) {
  const std::string_view words = error.what();
  return words.starts_with("POST /images/create") || words.starts_with("pull of ");
}

std::string user_text(const EngineError& error) {
  const std::string_view words = error.what();
  const auto says = [&](std::string_view text) { return words.find(text) != std::string_view::npos; };
  if (says("no space left on device")) return "The server's disk is full. Please tell the administrator.";
  if (says("o such image") || says("pull of ") || says("/images/"))
    return "The image of your box is not available. Please tell the administrator.";
  return "Your box could not be started. Please tell the administrator.";
}

}  // namespace

std::string FailureTexts::text_for(const http::HttpError& error) const {
  switch (error.kind()) {
    case http::Failure::connect:
      return not_running;
    case http::Failure::timeout:
      return no_answer;
    case http::Failure::closed:
      return went_away;
    default:
      return otherwise;
  }
}

BackendError explain(const std::exception_ptr& failure, const std::string& doing) {
  const auto what = "cannot " + doing + ": ";
  try {
    std::rethrow_exception(failure);
  } catch (const BackendError& error) {
    return error;
  } catch (const EngineError& error) {
    return {what + error.what(), is_pull(error) && is_passing(failure) ? fetch_later : user_text(error)};
  } catch (const http::HttpError& error) {
    return {what + error.what(), at_start.text_for(error)};
  } catch (const std::exception& error) {
    return {what + error.what(), "Your box could not be started. Please tell the administrator."};
  }
}

std::string words_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return {};
  }
}

bool engine_answered(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const http::HttpError&) {
    return false;
  } catch (...) {
    return true;
  }
}

bool is_quota_refusal(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const EngineError& error) {
    // "--storage-opt is supported only for overlay over xfs with 'pquota' mount option", "--storage-opt is
    // not supported for aufs", "Filesystem does not support, or has not enabled quotas".
    const std::string_view words = error.what();
    return words.find("storage-opt") != std::string_view::npos ||
           words.find("enabled quotas") != std::string_view::npos;
  } catch (...) {
    return false;
  }
}

bool is_foreign_file_system(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const EngineError& error) {
    return error.status() == 400 &&
           std::string_view(error.what()).find("bind source path does not exist") != std::string_view::npos;
  } catch (...) {
    return false;
  }
}

}  // namespace fairlead::docker
