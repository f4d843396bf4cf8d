// SPDX-License-Identifier: Apache-2.0
// Log's inherited labels.
#include "observe/log.hpp"

namespace fairlead::observe {

Log Log::with(std::vector<Label> labels) const {
  Log copy = *this;
  if (labels_) labels.insert(labels.begin(), labels_->begin(), labels_->end());
  copy.labels_ = std::make_shared<const std::vector<Label>>(std::move(labels));
  return copy;
}

void Log::write(Level level, std::string_view code, std::string_view message,
                std::vector<Label> labels) const {
  if (!enabled(level)) return;
  // Behind the message's own: a logger's label overrides one of the same name (services.md section 7.2).
  if (labels_) labels.insert(labels.end(), labels_->begin(), labels_->end());
  sink_->write(level, code, message, labels);
}

}  // namespace fairlead::observe
