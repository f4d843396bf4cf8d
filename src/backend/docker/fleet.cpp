// SPDX-License-Identifier: Apache-2.0
// Engines by settings, and the book of boxes.
#include "backend/docker/fleet.hpp"

#include "backend/agent_box.hpp"
#include "backend/docker/limits.hpp"
#include "backend/ready_box.hpp"
#include "config/pem.hpp"

#include <algorithm>

namespace fairlead::docker {
namespace {

using backend::BackendError;

constexpr const char* not_set_up = "The server is not set up to start boxes. Please tell the administrator.";

// Inline or in a file (W3.15).
std::string pem_of(const std::string& value) {
  auto text = config::pem_text(value);
  if (!text) throw BackendError("docker.connection: " + text.error(), not_set_up);
  return std::move(*text);
}

Engine make_engine(const config::Docker& docker) {
  std::optional<http::TlsOptions> tls;
  if (!docker.cacert.empty())
    tls = http::TlsOptions{pem_of(docker.cacert), pem_of(docker.cert), pem_of(docker.key)};
  try {
    return Engine(http::Client(http::Endpoint::parse(docker.host), std::move(tls)));
  } catch (const http::HttpError& error) {
    throw BackendError(std::string("docker.connection: ") + error.what(), not_set_up);
  }
}

LinkKind first_kind(const config::Docker& docker) {
  if (docker.agent_link == "socket") return LinkKind::socket;
  if (docker.agent_link == "attach") return LinkKind::attach;
  // A socket file is most likely this machine's engine; the first box will tell (is_foreign_file_system).
  return docker.host.starts_with("unix://") ? LinkKind::socket : LinkKind::attach;
}

}  // namespace

void Fleet::open() {
  const std::lock_guard lock(mutex_);
  if (files_) return;
  const auto state = backend::state_directory(config.state_directory);
  if (!journal_) journal_ = backend::Journal::open(state, config.instance);
  files_.emplace(state, config.instance, backend::find_agent(config));
}

std::shared_ptr<KnownEngine> Fleet::engine_for(const config::Docker& docker) {
  std::string settings;
  for (const auto* part : {&docker.host, &docker.cacert, &docker.cert, &docker.key, &docker.agent_link})
    settings += *part + '\0';
  const std::lock_guard lock(mutex_);
  auto& known = engines_[settings];
  if (!known) known = std::make_shared<KnownEngine>(make_engine(docker), docker.host, first_kind(docker));
  return known;
}

std::shared_ptr<KnownEngine> Fleet::engine_at(const std::string& host) {
  if (host == config.docker.host) return engine_for(config.docker);
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [settings, known] : engines_)
      if (known && known->host == host) return known;
  }
  if (!host.starts_with("unix://")) return nullptr;
  config::Docker docker = config.docker;
  docker.host = host;
  return engine_for(docker);
}

void Fleet::begin(const std::string& box, const std::string& host) {
  journal_->add({box, "docker", {{"host", host}}});
  const std::lock_guard lock(mutex_);
  living_[box] = host;
}

void Fleet::note_login(const std::string& box, const backend::Login& login) {
  std::string host;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = living_.find(box); found != living_.end()) host = found->second;
  }
  boost::json::object details{{"host", host}};
  backend::add_login(details, login);
  (void)journal_->note({box, "docker", std::move(details)});
}

void Fleet::end(const std::string& box) {
  files_->remove(box);
  journal_->remove(box);
  const std::lock_guard lock(mutex_);
  held_.erase(box);
  late_.erase(box);
  living_.erase(box);
  end_reasons_.erase(box);
}

void Fleet::hold(const std::string& box, std::shared_ptr<void> held) {
  const std::lock_guard lock(mutex_);
  held_[box] = std::move(held);
}

void Fleet::expect_late(const std::string& box) {
  const std::lock_guard lock(mutex_);
  late_.try_emplace(box);
}

bool Fleet::stays_absent(const std::string& box) {
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  const auto late = late_.find(box);
  if (late == late_.end()) return true;
  if (!late->second) late->second = now;
  return now - *late->second >= limits::late_creation;
}

void Fleet::give_up(const std::string& box, const std::string& host) {
  const std::lock_guard lock(mutex_);
  living_.erase(box);
  end_reasons_.erase(box);
  given_up_[box] = host;
}

bool Fleet::lives(const std::string& box) {
  const std::lock_guard lock(mutex_);
  return living_.contains(box);
}

bool Fleet::any_lives_at(const std::string& host) {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(living_, [&](const auto& box) { return box.second == host; });
}

void Fleet::set_end_reason(const std::string& box, std::string sentence) {
  const std::lock_guard lock(mutex_);
  if (living_.contains(box)) end_reasons_[box] = std::move(sentence);
}

std::string Fleet::end_reason(const std::string& box) {
  const std::lock_guard lock(mutex_);
  const auto found = end_reasons_.find(box);
  return found == end_reasons_.end() ? "" : found->second;
}

std::map<std::string, std::string> Fleet::living() {
  const std::lock_guard lock(mutex_);
  return living_;
}

std::map<std::string, std::string> Fleet::take_given_up() {
  const std::lock_guard lock(mutex_);
  return std::exchange(given_up_, {});
}

bool Fleet::begin_retrying() {
  const std::lock_guard lock(mutex_);
  return !given_up_.empty() && !std::exchange(retrying_, true);
}

bool Fleet::end_retrying() {
  const std::lock_guard lock(mutex_);
  if (given_up_.empty()) retrying_ = false;
  return !retrying_;
}

}  // namespace fairlead::docker
