// SPDX-License-Identifier: Apache-2.0
// A log that keeps each line as its code and its texts: "CODE name=text …".
#pragma once

#include "observe/log.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace fairlead::keeper {

class LineSink final : public observe::LogSink {
 public:
  void write(observe::Level, std::string_view code, std::string_view,
             const std::vector<observe::Label>& labels) override {
    std::string line(code);
    for (const auto& label : labels)
      if (const auto* text = std::get_if<std::string>(&label.value)) line += " " + label.name + "=" + *text;
    lines.push_back(line);
  }
  std::vector<std::string> lines;
};

}  // namespace fairlead::keeper
