// SPDX-License-Identifier: Apache-2.0
// Notes as entries of the journal.
#include "backend/docker/home_notes.hpp"

#include "http/json.hpp"

namespace fairlead::docker {
namespace {

constexpr const char* home_entries = "docker-home";  // "backend" of the journal's entries

std::string journal_id(const KnownEngine& engine, const std::string& container) {
  return "home-" + short_digest(home_key(engine, container));
}

bool says_the_file(const Fleet& fleet, const HomeNote& note, bool configured_engine) {
  const auto& file = fleet.config.docker;
  return configured_engine && note.stop_after_idle == file.stop_after_idle &&
         note.stop_deadline == file.container_stop;
}

}  // namespace

void keep_note(Fleet& fleet, const HomeNote& note) {
  const bool configured = fleet.engines().is_configured(*note.engine);
  // Elsewhere a home that is never stopped needs nobody to look after it.
  const bool nothing_to_do = !configured && note.stop_after_idle.count() == 0;
  if (nothing_to_do || says_the_file(fleet, note, configured))
    return drop_note(fleet, *note.engine, note.container);
  try {
    fleet.engines().remember(*note.engine, fleet.journal());
    backend::Journal::Entry entry{journal_id(*note.engine, note.container), home_entries,
                                  EngineBook::reference(*note.engine)};
    entry.details["container"] = note.container;
    entry.details["stopAfterIdle"] = note.stop_after_idle.count();
    entry.details["containerStop"] = note.stop_deadline.count();
    if (!fleet.journal().note(entry)) fleet.journal().add(entry);
  } catch (const std::exception& error) {
    fleet.log.warning(
        "DOCKER_HOME_NOTE_FAILED",
        std::string("a box that stays will not be looked after when this process is gone: ") + error.what(),
        {{"container", note.container}});
  }
}

void drop_note(Fleet& fleet, const KnownEngine& engine, const std::string& container) noexcept {
  try {
    fleet.journal().remove(journal_id(engine, container));
  } catch (const std::exception& error) {
    fleet.log.warning("DOCKER_HOME_NOTE_FAILED", error.what(), {{"container", container}});
  }
}

std::vector<HomeNote> notes_left(Fleet& fleet) {
  std::vector<HomeNote> notes;
  for (const auto& entry : fleet.journal().left_over(home_entries)) {
    const auto nanoseconds = [&](std::string_view name) {
      return std::chrono::nanoseconds(http::integer_member(entry.details, name));
    };
    auto container = http::string_member(entry.details, "container");
    if (auto engine = fleet.engines().find(entry.details))
      notes.push_back({std::move(engine), std::move(container), nanoseconds("stopAfterIdle"),
                       nanoseconds("containerStop")});
    else
      fleet.log.warning("DOCKER_HOME_NOTE_FAILED",
                        "a box that stays is on an engine that cannot be reached any more, and runs on",
                        {{"container", container}, {"host", http::string_member(entry.details, "host")}});
  }
  return notes;
}

}  // namespace fairlead::docker
