// SPDX-License-Identifier: Apache-2.0
// Calls of the Engine API.
#include "backend/docker/engine_impl.hpp"
#include "backend/docker/image_reference.hpp"
#include "backend/docker/limits.hpp"
#include "http/json.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>

namespace fairlead::docker {
namespace {

namespace json = boost::json;
using http::HttpError;
using http::percent_encode;

// "1.41" as 41; 0 when it is nothing of the kind.
unsigned minor_version(std::string_view version) {
  unsigned minor = 0;
  if (!version.starts_with("1.")) return 0;
  version.remove_prefix(2);
  const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), minor);
  return error == std::errc{} && end == version.data() + version.size() ? minor : 0;
}

std::map<std::string, std::string> text_members(const json::value& object) {
  std::map<std::string, std::string> members;
  if (const auto* found = object.if_object())
    for (const auto& [name, value] : *found)
      if (const auto* text = value.if_string())
        members.emplace(name, std::string(text->data(), text->size()));
  return members;
}

// Of a listed container, without the slash that the engine puts before it; empty when it has none.
std::string first_name(const json::value& container) {
  const auto* names = http::member(container, "Names").if_array();
  if (names == nullptr || names->empty() || !names->front().is_string()) return {};
  const std::string_view name(names->front().get_string());
  return std::string(name.substr(name.starts_with('/') ? 1 : 0));
}

// The engine's own words, from {"message": "…"} or plain text, cut to what a log line bears.
std::string engine_words(const std::string& body) {
  std::string words;
  try {
    words = http::string_member(http::parse_json(body, from_engine), "message");
  } catch (const HttpError&) {
    words = body;
  }
  return words.substr(0, limits::engine_words);
}

// Podman 4 cannot remove what ends by itself at that moment, as a box does whose link has ended.
bool ends_by_itself(const EngineError& error) {
  return std::string_view(error.what()).find("container state improper") != std::string_view::npos;
}

// One line of a pull's progress. Throws when it is the error that ends it.
void read_progress(std::string_view line, const std::string& image, const Engine::OnProgress& on_progress) {
  if (line.find_first_not_of(" \r\n\t") == std::string_view::npos) return;
  const auto report = http::parse_json(line, "the container engine's progress report");
  const auto error = http::string_member(report, "error");
  if (!error.empty())
    throw EngineError(500, "pull of " + image + ": " + error.substr(0, limits::engine_words));
  if (on_progress) on_progress(report);
}

}  // namespace

void refuse(std::string_view method, std::string_view path, const http::Response& response) {
  std::string sentence(method);
  sentence.append(" ").append(path.substr(0, path.find('?'))).append(": ");
  sentence.append(std::to_string(response.status)).append(" ").append(engine_words(response.body));
  throw EngineError(response.status, sentence);
}

std::string container_path(const std::string& id, std::string_view rest) {
  return "/containers/" + percent_encode(id) + std::string(rest);
}

Engine::Engine(http::Client client) : state_(std::make_shared<State>(std::move(client))) {}

const http::Endpoint& Engine::endpoint() const noexcept {
  return state_->client.endpoint();
}

Task<> Engine::negotiate(Deadline deadline) const {
  http::Request request;
  request.target = "/_ping";
  request.deadline = deadline;
  const auto response = co_await state_->client.send(std::move(request));
  if (response.status != 200) refuse("GET", "/_ping", response);
  const auto theirs = minor_version(response.header("Api-Version"));
  if (theirs < limits::oldest_api)
    throw HttpError(http::Failure::protocol,
                    "what listens at " + endpoint().name() +
                        " is no container engine we can use: it names API version \"" +
                        std::string(response.header("Api-Version").substr(0, 20)) + "\"");
  const std::lock_guard lock(state_->mutex);
  state_->prefix = "/v1." + std::to_string(std::min(theirs, limits::newest_api));
}

Task<http::Request> Engine::make_request(std::string method, std::string target, Deadline deadline) const {
  auto prefix = [this] {
    const std::lock_guard lock(state_->mutex);
    return state_->prefix;
  };
  if (prefix().empty()) co_await negotiate(deadline);
  http::Request request;
  request.method = std::move(method);
  request.target = prefix() + target;
  request.deadline = deadline;
  co_return request;
}

Task<http::Response> Engine::call(std::string method, std::string target, std::string body,
                                  Deadline deadline) const {
  auto request = co_await make_request(method, target, deadline);
  request.body = std::move(body);
  try {
    auto response = co_await state_->client.send(std::move(request));
    if (response.status >= 400) refuse(method, target, response);
    co_return response;
  } catch (const HttpError& error) {
    // The engine that comes back may be another version.
    const std::lock_guard lock(state_->mutex);
    state_->prefix.clear();
    throw;
  }
}

Task<std::string> Engine::create(NewContainer container, Deadline deadline) const {
  std::string target = "/containers/create";
  char separator = '?';
  for (const auto& [key, value] :
       {std::pair{"name=", container.name}, std::pair{"platform=", container.platform}}) {
    if (value.empty()) continue;
    target += separator + std::string(key) + percent_encode(value);
    separator = '&';
  }
  auto body = json::serialize(container.body);
  const auto response = co_await call("POST", std::move(target), std::move(body), deadline);
  auto id = http::string_member(http::parse_json(response.body, from_engine), "Id");
  if (id.empty())
    throw HttpError(http::Failure::protocol, "the container engine created a container without an id");
  co_return id;
}

Task<> Engine::start(std::string id, Deadline deadline) const {
  co_await call("POST", container_path(id, "/start"), "", deadline);
}

Task<> Engine::kill(std::string id, std::string signal, Deadline deadline) const {
  co_await call("POST", container_path(id, "/kill?signal=" + percent_encode(signal)), "", deadline);
}

Task<> Engine::resize(std::string id, ssh::TerminalSize size, Deadline deadline) const {
  const auto query = "/resize?h=" + std::to_string(size.rows) + "&w=" + std::to_string(size.columns);
  co_await call("POST", container_path(id, query), "", deadline);
}

Task<std::int64_t> Engine::wait(std::string id, Deadline deadline) const {
  const auto response = co_await call("POST", container_path(id, "/wait"), "", deadline);
  const auto answer = http::parse_json(response.body, from_engine);
  // Podman's 200 for a container that was removed meanwhile has status 0 and this beside it.
  const auto error = http::string_member(http::member(answer, "Error"), "Message");
  if (!error.empty()) throw EngineError(500, "wait: " + error.substr(0, limits::engine_words));
  co_return http::integer_member(answer, "StatusCode", -1);
}

Task<> Engine::stop(std::string id, std::chrono::seconds grace, Deadline deadline) const {
  co_await call("POST", container_path(id, "/stop?t=" + std::to_string(grace.count())), "", deadline);
}

Task<> Engine::remove(std::string id, Deadline deadline) const {
  ssh::asio::steady_timer pause(co_await ssh::asio::this_coro::executor);
  for (int tries = limits::removals_of_what_ends;; --tries) {
    try {
      co_await call("DELETE", container_path(id, "?force=1&v=1"), "", deadline);
      co_return;
    } catch (const EngineError& error) {
      // 409: someone removes it already, and the engine finishes that on its own.
      if (error.status() == 404 || error.status() == 409) co_return;
      if (tries <= 1 || !ends_by_itself(error)) throw;
    }
    pause.expires_after(limits::pause_of_what_ends);
    co_await pause.async_wait(ssh::asio::use_awaitable);
  }
}

Task<std::optional<ContainerState>> Engine::inspect(std::string id, Deadline deadline) const {
  http::Response response;
  try {
    response = co_await call("GET", container_path(id, "/json"), "", deadline);
  } catch (const EngineError& error) {
    if (error.status() != 404) throw;
    co_return std::nullopt;
  }
  const auto answer = http::parse_json(response.body, from_engine);
  const auto& state = http::member(answer, "State");
  ContainerState facts{http::string_member(answer, "Id"), http::string_member(answer, "Name"),
                       text_members(http::member(http::member(answer, "Config"), "Labels"))};
  facts.read_only_root = http::true_member(http::member(answer, "HostConfig"), "ReadonlyRootfs");
  facts.running = http::true_member(state, "Running");
  facts.out_of_memory = http::true_member(state, "OOMKilled");
  facts.exit_code = http::integer_member(state, "ExitCode");
  co_return facts;
}

Task<std::vector<ListedContainer>> Engine::list(std::vector<std::string> labels, Deadline deadline,
                                                ListSizes sizes) const {
  json::object filters;
  filters["label"] = json::array(labels.begin(), labels.end());
  const std::string what = sizes == ListSizes::yes ? "all=1&size=1" : "all=1";
  const auto target = "/containers/json?" + what + "&filters=" + percent_encode(json::serialize(filters));
  const auto response = co_await call("GET", target, "", deadline);
  const auto answer = http::parse_json(response.body, from_engine);
  std::vector<ListedContainer> found;
  if (const auto* containers = answer.if_array())
    for (const auto& container : *containers)
      found.push_back({http::string_member(container, "Id"), first_name(container),
                       text_members(http::member(container, "Labels")),
                       http::string_member(container, "State") == "running",
                       http::integer_member(container, "SizeRw")});
  co_return found;
}

Task<http::Stream> Engine::attach(std::string id, Deadline deadline) const {
  const auto target = container_path(id, "/attach?stream=1&stdin=1&stdout=1&stderr=1");
  auto request = co_await make_request("POST", target, deadline);
  auto upgraded = co_await state_->client.upgrade(std::move(request));
  if (!upgraded.stream) refuse("POST", target, upgraded.head);
  co_return std::move(upgraded.stream);
}

Task<> Engine::upload(std::string id, std::string path, std::string tar, Deadline deadline) const {
  const auto target = container_path(id, "/archive?path=" + percent_encode(path));
  auto request = co_await make_request("PUT", target, deadline);
  request.body = std::move(tar);
  request.content_type = "application/x-tar";
  const auto response = co_await state_->client.send(std::move(request));
  if (response.status >= 400) refuse("PUT", target, response);
}

Task<std::optional<ImageFacts>> Engine::inspect_image(std::string image, Deadline deadline) const {
  http::Response response;
  try {
    // Slashes of a reference stay: the engine's router takes the rest of the path as the name.
    std::string path = "/images/";
    for (const char c : image) path += c == '/' ? std::string(1, c) : percent_encode({&c, 1});
    response = co_await call("GET", path + "/json", "", deadline);
  } catch (const EngineError& error) {
    if (error.status() != 404) throw;
    co_return std::nullopt;
  }
  const auto answer = http::parse_json(response.body, from_engine);
  ImageFacts facts;
  facts.working_directory = http::string_member(http::member(answer, "Config"), "WorkingDir");
  co_return facts;
}

Task<> Engine::pull(std::string image, Deadline deadline, std::string credentials,
                    OnProgress on_progress) const {
  const auto reference = canonical_reference(image);
  const auto target =
      "/images/create?fromImage=" + percent_encode(reference.name) + "&tag=" + percent_encode(reference.tag);
  auto request = co_await make_request("POST", target, deadline);
  if (!credentials.empty()) request.headers.push_back({"X-Registry-Auth", std::move(credentials)});
  auto answer = co_await state_->client.open(std::move(request));
  std::string line;
  const bool refused = answer.head().status >= 400;
  for (;;) {
    const auto piece = co_await answer.read();
    if (piece.empty()) break;
    line += piece;
    for (std::size_t end = 0; !refused && (end = line.find('\n')) != std::string::npos;
         line.erase(0, end + 1))
      read_progress(std::string_view(line).substr(0, end), image, on_progress);
    if (line.size() > limits::progress_line)
      throw HttpError(http::Failure::too_big, "a line of the engine's progress report is too long");
  }
  if (refused) {
    auto head = answer.head();
    head.body = line;
    refuse("POST", target, head);
  }
  read_progress(line, image, on_progress);
}

}  // namespace fairlead::docker
