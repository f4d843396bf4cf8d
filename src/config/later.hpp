// SPDX-License-Identifier: Apache-2.0
// Sections of ContainerSSH whose subsystems are not built: complete values, so that files are read and
// written whole. A file that needs one of them is refused (docs/configuration.md).
#pragma once

#include "config/http.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace fairlead::config {

// services.md section 3.1
struct Kerberos {
  std::string keytab = "/etc/krb5.keytab";
  std::string acceptor = "any";
  bool enforce_username = true;
  std::string credential_cache_path = "/tmp/krb5cc";
  std::string config_path = "/etc/containerssh/krb5.conf";
  Duration clock_skew = std::chrono::minutes(5);
};

// services.md chapter 2
struct GitHub {
  std::string url = "https://github.com", api_url = "https://api.github.com";
  std::string cacert{}, cert{}, key{};
  Tls tls{};
  Duration timeout = std::chrono::seconds(10);
  bool enforce_username = true, require_2fa = false, enforce_scopes = false;
  std::string require_org_membership{};
  std::vector<std::string> extra_scopes{};
};

struct Oidc : HttpClient {
  bool device_flow = false, authorization_code_flow = false, enforce_scopes = false;
  std::string username_field = "sub", redirect_uri{};
  std::vector<std::string> extra_scopes{};
};

struct GenericOAuth2 {
  std::string authorize_endpoint_url{}, redirect_uri{};
  HttpClient token_endpoint{};
};

struct OAuth2 {
  HttpServer redirect{.listen = "0.0.0.0:8080"};
  std::string webroot{};
  std::string client_id{}, client_secret{}, provider{};
  GitHub github{};
  Oidc oidc{};
  GenericOAuth2 generic{};
  std::vector<std::string> qr_code_clients{}, device_flow_clients{};
  Duration auth_timeout = std::chrono::minutes(2);
};

// services.md section 6.1
struct Metrics : HttpServer {
  bool enable = false;
  std::string path = "/metrics";
};

// services.md section 6.3
struct GeoIp {
  std::string provider = "dummy";  // or "maxmind"
  std::string file = "/var/lib/GeoIP/GeoIP2-Country.mmdb";
};

// services.md section 5.1
struct Audit {
  struct S3 {
    std::string local = "/var/lib/audit";
    std::string access_key{}, secret_key{}, bucket{}, region{}, endpoint{}, cacert{}, acl{};
    bool path_style_access = false, metadata_ip = false, metadata_username = false;
    std::uint64_t upload_part_size = 5'242'880;
    unsigned parallel_uploads = 20;
  };
  bool enable = false;
  std::string format = "none", storage = "none";
  std::string directory = "/var/log/audit";
  S3 s3{};
  bool standard_input = false, standard_output = false, standard_error = false, passwords = false,
       forwarding = false;
};

// services.md section 7.1
struct Syslog {
  std::string destination = "/dev/log", facility = "auth", tag = "ContainerSSH";
  bool pid = false;
};

// core.md section 4.1
struct Kubernetes {
  std::string host = "kubernetes.default.svc", path = "/api";
  std::string username{}, password{}, server_name{};
  std::string cert_file{}, key_file{}, cacert_file{}, cert{}, key{}, cacert{}, bearer_token{},
      bearer_token_file{};
  double qps = 5;
  unsigned burst = 10;
  // As the Kubernetes API has them.
  boost::json::object metadata{{"namespace", "default"}, {"generateName", "containerssh-"}};
  boost::json::object spec{
      {"containers", {{{"name", "shell"}, {"image", "containerssh/containerssh-guest-image"}}}}};
  unsigned console_container = 0;
  std::vector<std::string> idle_command{
      "/usr/bin/containerssh-agent", "wait-signal", "--signal", "INT", "--signal", "TERM"};
  std::vector<std::string> shell_command{"/bin/bash"};
  std::string agent_path = "/usr/bin/containerssh-agent";
  bool disable_agent = false;
  std::map<std::string, std::string> subsystems{{"sftp", "/usr/lib/openssh/sftp-server"}};
  std::string mode = "connection";
  bool create_missing_pods = false;
  std::map<std::string, std::string> expose_as_env{}, expose_as_labels{}, expose_as_annotations{};
  Duration pod_start = std::chrono::minutes(1), pod_stop = std::chrono::minutes(1),
           command_start = std::chrono::minutes(1), signal = std::chrono::minutes(1),
           window = std::chrono::minutes(1), http = std::chrono::seconds(15);
};

// core.md section 5.1
struct SshProxy {
  std::string server{};
  std::uint16_t port = 22;
  bool username_pass_through = false;
  std::string username{}, password{}, private_key{};
  std::vector<std::string> allowed_host_key_fingerprints{};
  std::vector<std::string> ciphers{"chacha20-poly1305@openssh.com",
                                   "aes256-gcm@openssh.com",
                                   "aes128-gcm@openssh.com",
                                   "aes256-ctr",
                                   "aes192-ctr",
                                   "aes128-ctr"};
  std::vector<std::string> kex{"curve25519-sha256@libssh.org", "ecdh-sha2-nistp521", "ecdh-sha2-nistp384",
                               "ecdh-sha2-nistp256"};
  std::vector<std::string> macs{"hmac-sha2-256-etm@openssh.com", "hmac-sha2-256"};
  std::vector<std::string> host_key_algorithms{"ssh-rsa-cert-v01@openssh.com",
                                               "ssh-dss-cert-v01@openssh.com",
                                               "ecdsa-sha2-nistp256-cert-v01@openssh.com",
                                               "ecdsa-sha2-nistp384-cert-v01@openssh.com",
                                               "ecdsa-sha2-nistp521-cert-v01@openssh.com",
                                               "ssh-ed25519-cert-v01@openssh.com",
                                               "ssh-rsa",
                                               "ssh-dss",
                                               "ssh-ed25519"};
  Duration timeout = std::chrono::minutes(1);
  std::string client_version = "SSH-2.0-ContainerSSH";
};

}  // namespace fairlead::config
