// SPDX-License-Identifier: Apache-2.0
// The Docker Engine API, as much as we need of it: one coroutine per call, errors as exceptions with a
// sentence.
#pragma once

#include "backend/docker/deadline.hpp"
#include "http/client.hpp"

#include <fairlead/ssh/requests.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::docker {

using ssh::Task;

// The engine answered, and the answer is no: what() is "POST /containers/create: 404 No such image: x".
class EngineError : public std::runtime_error {
 public:
  EngineError(unsigned status, const std::string& sentence) : std::runtime_error(sentence), status_(status) {}
  [[nodiscard]] unsigned status() const noexcept { return status_; }

 private:
  unsigned status_;
};

struct NewContainer {
  std::string name;          // empty: the engine invents one
  std::string platform;      // "os/arch/variant" or empty
  boost::json::object body;  // ContainerConfig with HostConfig and NetworkingConfig
};

struct ImageFacts {
  std::string working_directory;
};

struct ContainerState {
  std::string id, name{};
  std::map<std::string, std::string> labels{};
  bool read_only_root = false;
  bool running = false;
  bool out_of_memory = false;
  std::int64_t exit_code = 0;
};

// A further program in a container.
struct NewExec {
  std::vector<std::string> command;
  std::vector<std::string> environment{};  // "NAME=value"
  std::string user{};                      // empty: the container's
  bool input = true;                       // else it has no standard input
  std::optional<ssh::TerminalSize> terminal{};
};

struct ExecState {
  bool running = false;
  std::int64_t exit_code = 0;
};

struct ListedContainer {
  std::string id;
  std::string name;
  std::map<std::string, std::string> labels;
  bool running = false;
  std::int64_t written = 0;  // bytes of its own on disk; only when asked for
};
enum class ListSizes : bool { no, yes };  // yes: the engine adds up files for each container

// Immutable but for the negotiated version; thread-safe; cheap to copy. Calls run on the caller's executor.
// Every call throws EngineError when the engine refuses and http::HttpError when it does not answer properly
// or in time.
class Engine {
 public:
  explicit Engine(http::Client client);

  // Agrees on an API version, once per engine; every other call does it first when it has not happened.
  Task<> negotiate(Deadline deadline) const;

  Task<std::string> create(NewContainer container, Deadline deadline) const;  // its id
  Task<> start(std::string id, Deadline deadline) const;
  Task<> kill(std::string id, std::string signal, Deadline deadline) const;
  Task<> resize(std::string id, ssh::TerminalSize size, Deadline deadline) const;
  // When it has stopped: its exit code. Removed instead it is an EngineError.
  Task<std::int64_t> wait(std::string id, Deadline deadline) const;
  // A polite signal, and SIGKILL after `grace`; complete when it has stopped. Nothing to do when it has.
  Task<> stop(std::string id, std::chrono::seconds grace, Deadline deadline) const;
  // Kills it first; anonymous volumes go too. A container that is not there counts as removed.
  Task<> remove(std::string id, Deadline deadline) const;
  Task<std::optional<ContainerState>> inspect(std::string id,
                                              Deadline deadline) const;  // nullopt: no such container
  // Running or not, those that carry every label ("name=value").
  Task<std::vector<ListedContainer>> list(std::vector<std::string> labels, Deadline deadline,
                                          ListSizes sizes = ListSizes::no) const;

  // Standard input, output and error of a container's first process as one stream: raw with a terminal, else
  // output in frames (attach_frames.hpp). Half-closing it closes standard input.
  Task<http::Stream> attach(std::string id, Deadline deadline) const;
  // A program beside the container's first process; its id. Nothing runs before start_exec().
  Task<std::string> create_exec(std::string id, NewExec exec, Deadline deadline) const;
  // Runs it: its streams, as attach() gives them.
  Task<http::Stream> start_exec(std::string exec, bool terminal, Deadline deadline) const;
  Task<> resize_exec(std::string exec, ssh::TerminalSize size, Deadline deadline) const;
  Task<ExecState> inspect_exec(std::string exec, Deadline deadline) const;
  // When an exec of this container has ended: its exit code.
  Task<std::int64_t> wait_exec(std::string id, std::string exec, Deadline deadline) const;
  // Unpacks a tar archive below `path` in the container, started or not.
  Task<> upload(std::string id, std::string path, std::string tar, Deadline deadline) const;

  Task<std::optional<ImageFacts>> inspect_image(std::string image,
                                                Deadline deadline) const;  // nullopt: no such image
  // Complete when the image is there. Errors inside the progress stream are errors. `credentials` are
  // registry_header()'s; `on_progress` hears every line.
  using OnProgress = std::function<void(const boost::json::value& line)>;
  Task<> pull(std::string image, Deadline deadline, std::string credentials = {},
              OnProgress on_progress = {}) const;

  [[nodiscard]] const http::Endpoint& endpoint() const noexcept;

 private:
  struct State;
  Task<http::Request> make_request(std::string method, std::string target, Deadline deadline) const;
  Task<http::Response> call(std::string method, std::string target, std::string body,
                            Deadline deadline) const;
  std::shared_ptr<State> state_;
};

}  // namespace fairlead::docker
