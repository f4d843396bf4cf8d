// SPDX-License-Identifier: Apache-2.0
// scp's command line.
#include "agent/scp_main.hpp"

#include "agent/path_names.hpp"
#include "agent/scp_sink.hpp"
#include "agent/scp_source.hpp"
#include "agent/wildcards.hpp"

#include <optional>

namespace fairlead::agent {
namespace {

struct CommandLine {
  scp::Options options;
  bool to = false, from = false;
  std::vector<std::string> paths;
};

bool set_option(CommandLine& line, char option) {
  switch (option) {
    case 't':
      line.to = true;
      break;
    case 'f':
      line.from = true;
      break;
    case 'r':
      line.options.recursive = true;
      break;
    case 'p':
      line.options.preserve = true;
      break;
    case 'd':
      line.options.target_directory = true;
      break;
    case 'v':
      line.options.verbose = true;
      break;
    // Old clients send some of these; they concern the side with the terminal and the network.
    case 'q':
    case 'B':
    case 'C':
    case '1':
    case '2':
    case '4':
    case '6':
      break;
    default:
      return false;
  }
  return true;
}

std::optional<CommandLine> parse(const std::vector<std::string>& arguments) {
  CommandLine line;
  bool options_end = false;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const auto& word = arguments[i];
    if (!options_end && word == "--") {
      options_end = true;
    } else if (!options_end && word.size() > 1 && word[0] == '-') {
      for (const char option : word.substr(1))
        if (!set_option(line, option)) return {};
    } else {
      options_end = true;
      line.paths.push_back(word);
    }
  }
  if (line.to == line.from || line.paths.empty() || (line.to && line.paths.size() > 1)) return {};
  return line;
}

// `scp host: .` asks for the empty path: the directory we are in.
std::string with_tilde(const std::string& path) {
  if (path.empty()) return ".";
  return expand_tilde(path).value_or(path);
}

}  // namespace

int run_scp(const std::vector<std::string>& arguments) {
  scp::ScpPeer peer(0, 1);
  const auto line = parse(arguments);
  if (!line) {
    (void)peer.complain("", "ambiguous target or unknown option");
    return 1;
  }
  if (line->to) {
    scp::ScpSink(peer, line->options).receive_into(with_tilde(line->paths.front()));
  } else {
    std::vector<std::string> paths;
    for (const auto& path : line->paths) {
      auto matches = expand_wildcards(with_tilde(path));
      paths.insert(paths.end(), matches.begin(), matches.end());
    }
    scp::ScpSource(peer, line->options).send(paths);
  }
  return peer.failed() ? 1 : 0;
}

}  // namespace fairlead::agent
