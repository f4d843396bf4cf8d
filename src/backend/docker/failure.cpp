// SPDX-License-Identifier: Apache-2.0
// Sentences for failures of an engine. Those for users are fixed texts without internals (design section 5).
#include "backend/docker/failure.hpp"

#include "backend/docker/engine.hpp"

namespace fairlead::docker {
namespace {

using backend::BackendError;

std::string user_text(const http::HttpError& error) {
  switch (error.kind()) {
    case http::Failure::connect:
      return "The container engine is not running. Please try again later, or tell the administrator.";
    case http::Failure::timeout:
      return "The container engine does not answer in time. Please try again later.";
    case http::Failure::closed:
      return "The container engine went away. Please try again.";
    default:
      return "Your box could not be started. Please tell the administrator.";
  }
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

BackendError explain(const std::exception_ptr& failure, const std::string& doing) {
  const auto what = "cannot " + doing + ": ";
  try {
    std::rethrow_exception(failure);
  } catch (const BackendError& error) {
    return error;
  } catch (const EngineError& error) {
    return {what + error.what(), user_text(error)};
  } catch (const http::HttpError& error) {
    return {what + error.what(), user_text(error)};
  } catch (const std::exception& error) {
    return {what + error.what(), "Your box could not be started. Please tell the administrator."};
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
