// SPDX-License-Identifier: Apache-2.0
// The configuration as validated values: ContainerSSH's YAML (spec core.md, services.md) plus Fairlead's own
// keys. Read by config/load.hpp; names and defaults are documented in docs/configuration.md.
#pragma once

#include "config/box.hpp"
#include "config/http.hpp"
#include "config/later.hpp"
#include "config/method_chain.hpp"
#include "config/pool.hpp"
#include "config/security.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fairlead::config {

// What one source address may take of the room before the login (security.md TH-15). A penalty of 0 is none.
struct PerSource {
  std::size_t max_unauthenticated = 64;
  // Tunnels and proxies on this machine speak for many people.
  std::vector<std::string> exempt{"127.0.0.0/8", "::1"};
  // OpenSSH's figures, but for broken protocol, which it does not tell apart.
  Duration no_attempt = std::chrono::seconds(1), auth_failed = std::chrono::seconds(5),
           grace_exceeded = std::chrono::seconds(10), protocol_error = std::chrono::seconds(10),
           threshold = std::chrono::seconds(15), longest = std::chrono::minutes(10);
};

struct Ssh {
  std::string listen = "0.0.0.0:2222";
  std::string server_version = "SSH-2.0-Fairlead";
  // Empty: the engine's own defaults.
  std::vector<std::string> ciphers, kex, macs;
  std::string banner;
  std::vector<std::string> hostkeys;           // file names or PEM text
  std::vector<std::string> host_certificates;  // file names or lines; ours
  Duration client_alive_interval{0};
  unsigned client_alive_count_max = 3;
  // Ours.
  Duration login_grace_time = std::chrono::seconds(120);
  std::size_t max_connections = 4096;
  std::size_t max_unauthenticated = 256;
  PerSource per_source;
  bool require_strict_kex = false;
  std::uint64_t rekey_limit = std::uint64_t{1} << 30;
  Duration shutdown_grace = std::chrono::seconds(20);  // ContainerSSH's fixed 20 s
};

struct Auth {
  std::string password_method{};              // "", "local", "webhook"; "kerberos" comes with its own issue
  std::string public_key_method{};            // "", "local", "webhook"
  std::string keyboard_interactive_method{};  // "", "local"; "oauth2" comes with its own issue
  std::string authz_method{};                 // "", "webhook": asked after every login that succeeded
  std::string gssapi_method{};                // ""; "kerberos" comes with its own issue
  Webhook password_webhook{}, public_key_webhook{};
  AuthzWebhook authz_webhook{};
  Kerberos password_kerberos{}, gssapi_kerberos{};
  OAuth2 oauth2{};
  std::string local_users_file{};
  std::vector<std::string> local_trusted_user_ca_keys{};  // file names or keys
  std::string local_revoked_keys{};                       // a file; "": nothing is revoked
  // Any one of these lets a user of the users file in, unless their entry says otherwise. What is not offered
  // never happens.
  std::vector<MethodChain> local_methods{{Factor::public_key}, {Factor::password}};
};

struct Log {
  std::string level = "notice";
  std::string format = "ljson";        // or "text"
  std::string destination = "stdout";  // or "file"
  std::string file = "/var/log/containerssh/containerssh.log";
  Syslog syslog{};
};

// What one user may take of time and boxes, whatever the backend. Durations of 0 are no limit.
struct Quota {
  Duration idle_timeout{0};  // without a byte or a request on any channel of a connection
  Duration max_time{0};      // of a connection, from its login on
  Duration warn_before = std::chrono::minutes(5);
  std::optional<std::uint64_t> max_boxes{};  // at the same time, over all connections
};

// Fairlead's own backend: containers without a daemon.
struct Oci {
  std::string image;             // directory, tar, OCI layout, docker save archive, or registry reference
  std::string runtime = "auto";  // "auto" tries crun, then runc; or a path
  std::string network = "none";  // "none", "host", "user"
  bool read_only_root = false;
  bool user_namespace = true;
  std::string hostname = "box";
  std::vector<std::string> mounts;  // "source:target[:ro]"
  Limits limits;
  Pool pool;
  Programs programs;
  Duration start_timeout = std::chrono::seconds(30);
};

// Credentials for a registry.
struct RegistryAuth {
  std::string username{}, password{}, auth{}, server_address{}, identity_token{}, registry_token{};

  [[nodiscard]] bool is_empty() const noexcept {
    return username.empty() && password.empty() && auth.empty() && identity_token.empty() &&
           registry_token.empty();
  }
};

struct Docker {
  std::string host = "unix:///var/run/docker.sock";
  std::string cacert, cert, key;
  // Engine API bodies, passed through.
  boost::json::object container{{"Image", "containerssh/containerssh-guest-image"}}, host_config,
      network_config, platform;
  std::string container_name;
  std::map<std::string, std::string> metadata_labels;  // ours: metadata name → label of the container
  std::string mode = "connection";                     // or "session", "persistent"
  // Of mode persistent, ours: whether a box that is missing is made, and when one that nobody is in is
  // stopped (0: never).
  bool create_missing = false;
  Duration stop_after_idle = std::chrono::minutes(10);
  std::string image_pull_policy = "IfNotPresent";
  bool disable_agent = false;
  // How the agent is brought in and reached: "socket" (mounted from this machine), "attach" (uploaded, over
  // the attach stream), "auto" (socket when the engine turns out to be local). "image": it is not, and
  // ContainerSSH's own in the image serves instead.
  std::string agent_link = "auto";
  // Nothing of ours runs in containers.
  [[nodiscard]] bool agentless() const { return disable_agent || agent_link == "image"; }
  // Nothing is limited unless the file says so: ContainerSSH's files keep their meaning.
  Limits limits{std::nullopt, std::nullopt, std::nullopt, std::nullopt};
  Pool pool;
  Programs programs;
  // Without our agent the container's first process; with it without effect, as is the guest agent.
  std::vector<std::string> idle_command{
      "/usr/bin/containerssh-agent", "wait-signal", "--signal", "INT", "--signal", "TERM"};
  std::string guest_agent = "/usr/bin/containerssh-agent";
  RegistryAuth registry_auth{};
  // Of calls of the engine without an agent; with it these are messages to the agent, and without effect.
  Duration command_start = std::chrono::seconds(60), signal = std::chrono::seconds(60),
           window = std::chrono::seconds(60);
  Duration container_start = std::chrono::seconds(60), container_stop = std::chrono::seconds(60),
           http = std::chrono::seconds(15);
};

// A mistake in what the configuration webhook may still replace.
struct PostponedError {
  std::string path, sentence;
};

struct Config {
  std::string file;            // where it was read from, for messages
  bool for_one_login = false;  // an answer of the configuration server is in it (overlay.hpp)
  std::vector<std::string>
      warnings;  // complete sentences: what is accepted but has no effect, or will not stay
  std::vector<std::string> deprecated;  // the same for ContainerSSH 0.4's forms, with the new form
  std::vector<PostponedError> postponed;
  Ssh ssh;
  Auth auth;
  Log log;
  ConfigServer config_server;
  Health health{{.listen = "0.0.0.0:7000"}, false, {.url = "http://127.0.0.1:7000/"}};
  Security security;
  Quota quota;
  std::string backend = "oci";
  Oci oci;
  Docker docker;
  Kubernetes kubernetes;
  SshProxy sshproxy;
  Audit audit;
  Metrics metrics{{.listen = "0.0.0.0:9100"}};
  GeoIp geoip;
  // Where boxes, unpacked images and the journal live. "" is /var/lib/fairlead as root, else
  // $XDG_STATE_HOME/fairlead.
  std::string state_directory;
  std::string instance = "default";  // label on everything this daemon starts
  unsigned threads = 0;              // 0: one per core
  bool core_dumps = false;           // a dump of the daemon has keys and passwords in it
  std::string agent_path;            // "" is beside this program, then /usr/lib/fairlead
};

}  // namespace fairlead::config
