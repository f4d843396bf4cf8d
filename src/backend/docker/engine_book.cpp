// SPDX-License-Identifier: Apache-2.0
// Addresses, and what the journal has of them.
#include "backend/docker/engine_book.hpp"

#include "backend/backend.hpp"
#include "backend/docker/limits.hpp"
#include "base/hex.hpp"
#include "config/pem.hpp"
#include "crypto/hash.hpp"
#include "http/json.hpp"

#include <array>
#include <set>

namespace fairlead::docker {
namespace {

using backend::BackendError;

constexpr const char* not_set_up = "The server is not set up to start boxes. Please tell the administrator.";
constexpr const char* engine_entries = "docker-engine";  // "backend" of the journal's entries

struct Part {
  const char* name;
  std::string EngineAddress::* member;
};
constexpr std::array<Part, 5> parts{{{"host", &EngineAddress::host},
                                     {"cacert", &EngineAddress::cacert},
                                     {"cert", &EngineAddress::cert},
                                     {"key", &EngineAddress::key},
                                     {"agentLink", &EngineAddress::agent_link}}};

// Inline or in a file (W3.15).
std::string pem_of(const std::string& value) {
  auto text = config::pem_text(value);
  if (!text) throw BackendError("docker.connection: " + text.error(), not_set_up);
  return std::move(*text);
}

Engine make_engine(const EngineAddress& address) {
  std::optional<http::TlsOptions> tls;
  if (!address.cacert.empty())
    tls = http::TlsOptions{pem_of(address.cacert), pem_of(address.cert), pem_of(address.key)};
  try {
    return Engine(http::Client(http::Endpoint::parse(address.host), std::move(tls)));
  } catch (const http::HttpError& error) {
    throw BackendError(std::string("docker.connection: ") + error.what(), not_set_up);
  }
}

LinkKind first_kind(const EngineAddress& address) {
  if (address.agent_link == "socket") return LinkKind::socket;
  if (address.agent_link == "attach") return LinkKind::attach;
  // A socket file is most likely this machine's engine; the first box will tell (is_foreign_file_system).
  return address.host.starts_with("unix://") ? LinkKind::socket : LinkKind::attach;
}

std::string journal_id(const std::string& id) {
  return "engine-" + id;
}

}  // namespace

EngineAddress EngineAddress::of(const config::Docker& docker) {
  return {docker.host, docker.cacert, docker.cert, docker.key, docker.agent_link};
}

std::optional<EngineAddress> EngineAddress::read(const boost::json::object& details) {
  EngineAddress address;
  for (const auto& part : parts) address.*part.member = http::string_member(details, part.name);
  if (address.host.empty()) return std::nullopt;
  return address;
}

boost::json::object EngineAddress::details() const {
  boost::json::object details;
  for (const auto& part : parts) details[part.name] = this->*part.member;
  return details;
}

std::string EngineAddress::id() const {
  std::string all;
  for (const auto& part : parts) all += this->*part.member + '\0';
  return short_digest(all);
}

std::string short_digest(std::string_view text) {
  constexpr std::size_t bytes = 16;  // as many as names need that nobody chooses to collide
  return ssh::to_hex(ssh::digest("SHA256", {ssh::as_bytes(text)})).substr(0, 2 * bytes);
}

std::shared_ptr<KnownEngine> EngineBook::at(const EngineAddress& address) {
  const auto id = address.id();
  const std::lock_guard lock(mutex_);
  if (const auto known = engines_.find(id); known != engines_.end()) return known->second;
  if (engines_.size() >= limits::known_engines) drop_unheld();
  auto made = std::make_shared<KnownEngine>(make_engine(address), address, first_kind(address));
  engines_[id] = made;
  return made;
}

void EngineBook::remember(const KnownEngine& engine, backend::Journal& journal) {
  if (from_file_ && is_configured(engine)) return;
  const std::lock_guard lock(mutex_);
  if (remembered_.contains(engine.id)) return;
  if (remembered_.size() >= limits::known_engines)
    for (auto one = remembered_.begin(); one != remembered_.end();)
      one = is_held(one->first) ? std::next(one) : forget(one, journal);
  journal.add({journal_id(engine.id), engine_entries, engine.address.details()});
  remembered_[engine.id] = engine.address;
}

boost::json::object EngineBook::reference(const KnownEngine& engine) {
  return {{"host", engine.host}, {"engine", engine.id}};
}

std::shared_ptr<KnownEngine> EngineBook::find(const boost::json::object& entry) {
  const auto id = http::string_member(entry, "engine");
  const auto host = http::string_member(entry, "host");
  std::optional<EngineAddress> address;
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = engines_.find(id); known != engines_.end()) return known->second;
    if (const auto one = remembered_.find(id); one != remembered_.end()) address = one->second;
  }
  // Entries of earlier versions have the host alone; and a file whose certificate was renewed still names the
  // same engine.
  if (!address && (host.empty() || host == configured_.host)) address = configured_;
  if (!address && host.starts_with("unix://")) {
    address = configured_;
    address->host = host;
  }
  if (!address) return nullptr;
  try {
    return at(*address);
  } catch (const BackendError&) {  // a certificate's file is gone
    return nullptr;
  }
}

void EngineBook::recall(const backend::Journal& journal) {
  const std::lock_guard lock(mutex_);
  for (const auto& entry : journal.left_over(engine_entries))
    if (auto address = EngineAddress::read(entry.details); address && journal_id(address->id()) == entry.id)
      remembered_.emplace(address->id(), std::move(*address));
}

void EngineBook::forget_unused(backend::Journal& journal) {
  std::set<std::string> needed;  // by what an earlier process left and nobody could look after yet
  for (const auto* who : {"docker", "docker-home"})
    for (const auto& entry : journal.left_over(who))
      needed.insert(http::string_member(entry.details, "engine"));
  const std::lock_guard lock(mutex_);
  for (auto one = remembered_.begin(); one != remembered_.end();)
    one = needed.contains(one->first) || is_held(one->first) ? std::next(one) : forget(one, journal);
}

std::map<std::string, EngineAddress>::iterator EngineBook::forget(
    std::map<std::string, EngineAddress>::iterator remembered, backend::Journal& journal) {
  journal.remove(journal_id(remembered->first));
  engines_.erase(remembered->first);
  return remembered_.erase(remembered);
}

// By a box, a home or somebody who is about to make one: new holders come by way of mutex_ alone.
bool EngineBook::is_held(const std::string& id) const {
  const auto known = engines_.find(id);
  return known != engines_.end() && known->second.use_count() > 1;
}

void EngineBook::drop_unheld() {
  std::erase_if(engines_, [&](const auto& known) {
    return known.second.use_count() == 1 && !remembered_.contains(known.first);
  });
}

}  // namespace fairlead::docker
