// SPDX-License-Identifier: Apache-2.0
// The configuration file as a whole: values, defaults, and every way to be wrong.
#include "unit/config/config_fixture.hpp"

namespace fairlead::config {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

TEST(Load, MinimalFileGetsTheDefaults) {
  const auto config = parse(minimal_file, "f.yaml");
  ASSERT_TRUE(config) << config.error().front();
  EXPECT_EQ(config->ssh.listen, "0.0.0.0:2222");
  EXPECT_EQ(config->ssh.login_grace_time, 120s);
  EXPECT_EQ(config->auth.password_method, "local");
  EXPECT_EQ(config->auth.public_key_method, "");
  EXPECT_EQ(config->auth.local_users_file, "/etc/fairlead/users.yaml");
  EXPECT_EQ(config->log.level, "notice");
  EXPECT_EQ(config->backend, "oci");
  EXPECT_EQ(config->oci.image, "/img");
  EXPECT_EQ(config->oci.limits.pids, 512U);
  EXPECT_THAT(config->warnings, SizeIs(0));
}

TEST(Load, CasAndRevokedKeysAreRead) {
  const auto config = parse(
      "auth:\n  publicKey: {method: local}\n  local:\n    usersFile: /u\n    trustedUserCAKeys: [/ca.pub, "
      "ssh-ed25519 "
      "AAAA]\n    revokedKeys: /krl\noci: {image: /img}\n",
      "f.yaml");
  ASSERT_TRUE(config) << config.error().front();
  EXPECT_THAT(config->auth.local_trusted_user_ca_keys, ElementsAre("/ca.pub", "ssh-ed25519 AAAA"));
  EXPECT_EQ(config->auth.local_revoked_keys, "/krl");
}

TEST(Load, EverySshKeyIsRead) {
  const auto config = with(
      "ssh:\n  listen: '[::1]:22'\n  serverVersion: SSH-2.0-Box_1.2 hello there\n"
      "  ciphers: [aes256-gcm@openssh.com]\n  kex: [curve25519-sha256@libssh.org]\n  macs: [hmac-sha2-256]\n"
      "  banner: hi\n  hostkeys: [/a, /b]\n  hostCertificates: [/a-cert.pub]\n  clientAliveInterval: 15s\n  "
      "clientAliveCountMax: 2\n"
      "  loginGraceTime: 1m\n  maxConnections: 10\n  maxUnauthenticated: 5\n  rekeyLimit: 1M\n  "
      "requireStrictKex: true\n  shutdownGrace: 3s\n");
  ASSERT_TRUE(config) << config.error().front();
  EXPECT_EQ(config->ssh.listen, "[::1]:22");
  EXPECT_EQ(config->ssh.server_version, "SSH-2.0-Box_1.2 hello there");
  EXPECT_THAT(config->ssh.ciphers, ElementsAre("aes256-gcm@openssh.com"));
  EXPECT_THAT(config->ssh.kex, ElementsAre("curve25519-sha256@libssh.org"));
  EXPECT_THAT(config->ssh.macs, ElementsAre("hmac-sha2-256"));
  EXPECT_EQ(config->ssh.banner, "hi");
  EXPECT_THAT(config->ssh.hostkeys, ElementsAre("/a", "/b"));
  EXPECT_THAT(config->ssh.host_certificates, ElementsAre("/a-cert.pub"));
  EXPECT_EQ(config->ssh.client_alive_interval, 15s);
  EXPECT_EQ(config->ssh.client_alive_count_max, 2U);
  EXPECT_EQ(config->ssh.login_grace_time, 1min);
  EXPECT_EQ(config->ssh.max_connections, 10U);
  EXPECT_EQ(config->ssh.max_unauthenticated, 5U);
  EXPECT_EQ(config->ssh.rekey_limit, 1U << 20);
  EXPECT_TRUE(config->ssh.require_strict_kex);
  EXPECT_EQ(config->ssh.shutdown_grace, 3s);
}

TEST(Load, WhatOneSourceMayTakeIsRead) {
  const auto config = with(
      "ssh:\n  perSource:\n    maxUnauthenticated: 7\n    exempt: [10.0.0.0/8]\n    penalties: {noAttempt: "
      "2s, "
      "authFailed: 0s, graceExceeded: 3s, protocolError: 4s, threshold: 5s, longest: 1m}\n");
  ASSERT_TRUE(config) << config.error().front();
  const PerSource& each = config->ssh.per_source;
  EXPECT_EQ(each.max_unauthenticated, 7U);
  EXPECT_THAT(each.exempt, ElementsAre("10.0.0.0/8"));
  EXPECT_EQ(each.no_attempt, 2s);
  EXPECT_EQ(each.auth_failed, 0s);
  EXPECT_EQ(each.grace_exceeded, 3s);
  EXPECT_EQ(each.protocol_error, 4s);
  EXPECT_EQ(each.threshold, 5s);
  EXPECT_EQ(each.longest, 1min);
  expect_error("ssh: {perSource: {maxUnauthenticated: 0}}", "ssh.perSource.maxUnauthenticated (must be");
  expect_error("ssh: {perSource: {penalties: {longest: 1s}}}", "ssh.perSource.penalties.longest (is shorter");
}

TEST(Load, ErrorsHaveContainerSshsForm) {
  expect_errors("ssh:\n  clientAliveInterval: 10ms\n",
                ElementsAre("f.yaml:6: invalid configuration option: ssh.clientAliveInterval "
                            "(clientAliveInterval should be at least 1 second long)"));
  expect_error("ssh: {clientAliveCountMax: 0}", "clientAliveCountMax should be at least 1");
}

TEST(Load, AllMistakesAreToldAtOnce) {
  const auto config = with("ssh: {lisen: x, listen: nowhere}\nlog:\n  level: loud\nfoo: 1\nthreads: many\n");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error(), SizeIs(5));
  EXPECT_THAT(config.error(), Contains(HasSubstr("f.yaml:5: invalid configuration option: ssh.lisen "
                                                 "(unknown key; did you mean \"listen\"?)")));
  EXPECT_THAT(config.error(),
              Contains(HasSubstr("f.yaml:5: invalid configuration option: ssh.listen (must be")));
  EXPECT_THAT(config.error(), Contains(HasSubstr("f.yaml:7: invalid configuration option: log.level (")));
  EXPECT_THAT(config.error(),
              Contains(HasSubstr("f.yaml:8: invalid configuration option: foo (unknown key)")));
  EXPECT_THAT(config.error(), Contains(HasSubstr("f.yaml:9: invalid configuration option: threads (")));
}

TEST(Load, WrongTypesAreRefused) {
  expect_error("ssh: 7", "ssh (expected a mapping, found a value)");
  expect_error("ssh: [a]", "expected a mapping, found a list");
  expect_error("ssh: {listen: [a]}", "expected a text, found a list");
  expect_error("ssh: {hostkeys: a}", "expected a list, found a value");
  expect_error("ssh: {hostkeys: [{}]}", "ssh.hostkeys[0] (expected a text, found a mapping)");
  expect_error("ssh: {maxConnections: -1}", "expected a whole number");
  expect_error("ssh: {loginGraceTime: soon}", "expected a duration such as 1m30s");
  expect_error("log: {syslog: {pid: \"true\"}}", "expected true or false");
  EXPECT_FALSE(parse("- a\n- b\n", "f"));
  EXPECT_FALSE(parse("just text", "f"));
}

TEST(Load, NullIsTheSameAsAbsent) {
  const auto config = with("ssh: {listen: null, hostkeys: ~}\nlog:\ndocker: null\n");
  ASSERT_TRUE(config) << config.error().front();
  EXPECT_EQ(config->ssh.listen, "0.0.0.0:2222");
}

TEST(Load, ServerVersionIsChecked) {
  for (const char* bad :
       {"SSH-1.99-x", "SSH-2.0-", "SSH-2.0-a-b", "OpenSSH", "'SSH-2.0-a '", "SSH-2.0-a b/c"})
    expect_error(std::string("ssh: {serverVersion: ") + bad + "}", "ssh.serverVersion");
  expect_error("ssh: {serverVersion: SSH-2.0-" + std::string(250, 'x') + "}", "longer than 253");
}

TEST(Load, AlgorithmsMustBeKnown) {
  expect_error("ssh: {ciphers: [rot13]}", "cipher not supported: rot13");
  expect_error("ssh: {kex: [magic]}", "key exchange algorithm not supported: magic");
  expect_error("ssh: {macs: []}", "empty SSHMAC list");
  expect_error("ssh: {kex: []}", "the key exchange list cannot be empty");
  expect_error("ssh: {ciphers: [arcfour]}", "nothing in this list is offered");
}

TEST(Load, RetiredAlgorithmsOfContainerSshAreLeftOutWithAWarning) {
  const auto config = with("ssh:\n  ciphers: [aes128-cbc, aes128-gcm@openssh.com, arcfour]\n");
  ASSERT_TRUE(config) << config.error().front();
  EXPECT_THAT(config->ssh.ciphers, ElementsAre("aes128-gcm@openssh.com"));
  EXPECT_THAT(config->warnings,
              ElementsAre("f.yaml:6: ssh.ciphers: aes128-cbc is not offered by this server and left out",
                          HasSubstr("arcfour")));
}

TEST(Load, AuthenticationMustBeConfigured) {
  const auto none = parse("oci: {image: /x}\n", "f.yaml");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error(),
              ElementsAre("f.yaml: invalid configuration option: auth (no authentication method "
                          "configured, please configure at least one)"));
  const auto file = parse("auth: {publicKey: {method: local}}\noci: {image: /x}\n", "f.yaml");
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error(), ElementsAre(HasSubstr("auth.local.usersFile (must name the users file")));
  const auto unknown = parse("auth: {password: {method: magic}}\noci: {image: /x}\n", "f.yaml");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(
      unknown.error(),
      ElementsAre(HasSubstr("auth.password.method (expected local, webhook or nothing, found \"magic\")")));
}

TEST(Load, LoginMethodsAreChainsOfFactors) {
  const auto parse_auth = [](const std::string& text) {
    return parse("oci: {image: /x}\nauth:\n  local: {usersFile: u" + text + "}\n", "f.yaml");
  };
  const std::string keyboard = "}\n  keyboardInteractive: {method: local";
  const auto config = parse_auth(", methods: [password+totp, password]" + keyboard);
  ASSERT_TRUE(config) << config.error().front();
  EXPECT_EQ(config->auth.keyboard_interactive_method, "local");
  EXPECT_THAT(config->auth.local_methods,
              ElementsAre(MethodChain{Factor::password, Factor::totp}, MethodChain{Factor::password}));
  EXPECT_THAT(parse_auth(keyboard)->auth.local_methods,
              ElementsAre(MethodChain{Factor::public_key}, MethodChain{Factor::password}));
  const auto unknown = parse_auth(", methods: [password+sms, totp]" + keyboard);
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error(),
              ElementsAre(HasSubstr("f.yaml:3: invalid configuration option: auth.local.methods ("
                                    "expected publickey, password and totp"),
                          HasSubstr("totp is a second factor")));
  const auto impossible = parse_auth(", methods: [publickey+totp]}\n  publicKey: {method: local");
  ASSERT_FALSE(impossible);
  EXPECT_THAT(impossible.error(),
              ElementsAre(HasSubstr("totp needs auth.keyboardInteractive.method: local")));
}

TEST(Load, WhatIsNotBuiltIsRefusedAndNotIgnored) {
  const auto auth = [](const std::string& text) {
    const auto config = parse("oci: {image: /x}\nauth: " + text, "f.yaml");
    return config ? std::string("loaded") : config.error().front();
  };
  EXPECT_THAT(auth("{password: {method: kerberos}}"), HasSubstr("kerberos is not built yet"));
  EXPECT_THAT(auth("{gssapi: {method: kerberos}}"), HasSubstr("kerberos is not built yet"));
  EXPECT_THAT(auth("{keyboardInteractive: {method: oauth2}}"), HasSubstr("oauth2 is not built yet"));
  expect_error("audit: {enable: true, format: binary}", "audit.enable (the audit log is not built yet)");
  expect_error("metrics: {enable: true}", "metrics.enable (");
  expect_error("geoip: {provider: maxmind, maxmind-geoip2-file: /etc/passwd}", "geoip.provider (");
  expect_error("security: {forwarding: {forwardingMode: enable}}",
               "security.forwarding.forwardingMode (forwarding is not built yet)");
  expect_error("backend: kubernetes", "backend kubernetes is not built yet");
  expect_error("log: {destination: syslog}", "syslog is not built yet");
}

TEST(Load, TheDefaultsOfSectionsThatAreNotBuiltAreAccepted) {
  const auto config = with(
      "configserver: {url: '', timeout: 2s}\nmetrics: {enable: false, listen: '0.0.0.0:9100'}\n"
      "geoip: {provider: dummy}\naudit: {enable: false, format: none, intercept: {stdin: false}}\n"
      "health: {enable: false, client: {url: 'http://127.0.0.1:7000/'}}\n"
      "security: {defaultMode: '', forceCommand: '', env: {mode: '', allow: []}, maxSessions: -1,\n"
      "  forwarding: {forwardingMode: disable}, shell: {mode: enable}}\n"
      "kubernetes: {pod: {mode: connection}}\nsshproxy: {server: ''}\n");
  ASSERT_TRUE(config) << config.error().front();
}

TEST(Load, LogLevelIsANameOrANumber) {
  EXPECT_EQ(with("log: {level: debug}")->log.level, "debug");
  EXPECT_EQ(with("log: {level: 0}")->log.level, "emerg");
  EXPECT_EQ(with("log: {level: 6, format: text, destination: file, file: /x}")->log.level, "info");
  expect_error("log: {level: '6'}", "log.level");
  expect_error("log: {level: 8}", "log.level");
  expect_error("log: {level: INFO}", "log.level");
  expect_error("log: {format: xml}", "expected one of ljson, text");
}

TEST(Load, OciKeysAreReadAndChecked) {
  const auto config = with("").value();
  const auto full = parse(
      "auth: {password: {method: local}, local: {usersFile: u}}\n"
      "oci:\n  image: /img\n  runtime: /usr/bin/crun\n  network: user\n  readOnlyRoot: true\n  "
      "userNamespace: false\n"
      "  hostname: alpha\n  mounts: ['/srv:/data:ro', '/a:/b']\n  startTimeout: 5s\n  user: '1000:1000'\n"
      "  workingDirectory: /work\n  shellCommand: [/bin/zsh, -l]\n  environment: {A: b, N: 1}\n"
      "  subsystems: {sftp: /x}\n  fileTransfer: internal\n  limits: {memory: 256M, cpus: 0.5, pids: none, "
      "disk: 0}\n",
      "f.yaml");
  ASSERT_TRUE(full) << full.error().front();
  EXPECT_EQ(full->oci.runtime, "/usr/bin/crun");
  EXPECT_EQ(full->oci.network, "user");
  EXPECT_TRUE(full->oci.read_only_root);
  EXPECT_FALSE(full->oci.user_namespace);
  EXPECT_THAT(full->oci.mounts, ElementsAre("/srv:/data:ro", "/a:/b"));
  EXPECT_EQ(full->oci.start_timeout, 5s);
  EXPECT_EQ(full->oci.programs.user, "1000:1000");
  EXPECT_THAT(full->oci.programs.shell_command, ElementsAre("/bin/zsh", "-l"));
  EXPECT_EQ(full->oci.programs.environment.at("N"), "1");
  EXPECT_EQ(full->oci.programs.file_transfer, "internal");
  EXPECT_EQ(full->oci.limits.memory, 256U << 20);
  EXPECT_EQ(full->oci.limits.cpus, 0.5);
  EXPECT_EQ(full->oci.limits.pids, std::nullopt);
  EXPECT_EQ(full->oci.limits.disk, std::nullopt);
}

TEST(Load, OciMistakesAreRefused) {
  const auto oci = [](const std::string& keys) {
    const auto config =
        parse("auth: {password: {method: local}, local: {usersFile: u}}\noci: {image: /img, " + keys + "}",
              "f.yaml");
    return config ? std::string("loaded") : config.error().front();
  };
  EXPECT_THAT(oci("runtime: podman"), HasSubstr("oci.runtime"));
  EXPECT_THAT(oci("network: bridge"), HasSubstr("expected one of none, host, user"));
  EXPECT_THAT(oci("hostname: 'a b'"), HasSubstr("oci.hostname"));
  EXPECT_THAT(oci("mounts: [data]"), HasSubstr("must be SOURCE:TARGET"));
  EXPECT_THAT(oci("mounts: ['a:/b']"), HasSubstr("absolute"));
  EXPECT_THAT(oci("mounts: ['/a:/b:rx']"), HasSubstr(":ro"));
  EXPECT_THAT(oci("mounts: ['/a:/']"), HasSubstr("root"));
  EXPECT_THAT(oci("environment: {'A=B': c}"), HasSubstr("name of a variable"));
  EXPECT_THAT(oci("workingDirectory: here"), HasSubstr("absolute"));
  EXPECT_THAT(oci("limits: {memory: 1M}"), HasSubstr("at least 8M"));
  EXPECT_THAT(oci("limits: {cpus: -1}"), HasSubstr("at least 0.01"));
  EXPECT_THAT(oci("limits: {mem: 1G}"), HasSubstr("unknown key"));
}

TEST(Load, TheChosenBackendMustBeComplete) {
  const auto config =
      parse("auth: {password: {method: local}, local: {usersFile: u}}\nbackend: oci\n", "f.yaml");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error(),
              ElementsAre("f.yaml: invalid configuration option: oci.image (no image name provided)"));
  expect_error("backend: ''", "no backend configured");
  expect_error("backend: dockerrun", "invalid backend: dockerrun");
}

TEST(Load, AFileWithoutASectionOfOurOwnMeansDocker) {
  const auto config = parse("auth: {password: {method: local}, local: {usersFile: u}}\n", "f.yaml");
  ASSERT_TRUE(config) << config.error().front();
  EXPECT_EQ(config->backend, "docker");
}

TEST(Load, AFileWithOnlyADockerSectionMeansDocker) {
  const auto config = parse(
      "auth: {password: {method: local}, local: {usersFile: u}}\ndocker: {connection: {host: "
      "'127.0.0.1:2375'}}\n",
      "f.yaml");
  ASSERT_TRUE(config) << config.error().front();
  EXPECT_EQ(config->backend, "docker");
  EXPECT_EQ(config->docker.host, "tcp://127.0.0.1:2375");
  EXPECT_EQ(config->docker.container.at("Image"), "containerssh/containerssh-guest-image");
  EXPECT_EQ(config->docker.limits.memory, std::nullopt);
}

TEST(Load, DockerKeysAreReadAndChecked) {
  const auto config = with(
      "backend: docker\ndocker:\n  connection: {host: 'unix:///run/d.sock'}\n  execution:\n"
      "    container: {image: alpine, env: [A=b], user: 1000}\n    host: {resources: {memory: 512M}}\n"
      "    containerName: fixed\n    shellCommand: [/bin/sh]\n    imagePullPolicy: Never\n"
      "  timeouts: {containerStart: 30s, commandStart: 60000000000, http: 5s}\n  limits: {pids: 100}\n");
  ASSERT_TRUE(config) << config.error().front();
  EXPECT_EQ(config->docker.host, "unix:///run/d.sock");
  EXPECT_EQ(config->docker.container.at("Image"), "alpine");
  EXPECT_EQ(config->docker.container.at("User"), "1000");
  EXPECT_EQ(config->docker.host_config.at("Memory"), 512 << 20);
  EXPECT_EQ(config->docker.container_name, "fixed");
  EXPECT_THAT(config->docker.programs.shell_command, ElementsAre("/bin/sh"));
  EXPECT_EQ(config->docker.image_pull_policy, "Never");
  EXPECT_EQ(config->docker.container_start, 30s);
  EXPECT_EQ(config->docker.limits.pids, 100U);
  expect_error("backend: docker\ndocker: {connection: {host: ''}}", "docker.connection.host (missing host)");
  expect_error("backend: docker\ndocker: {connection: {host: 'ssh://x'}}", "docker.connection.host (must be");
  expect_error("backend: docker\ndocker: {connection: {cert: x}}", "TLS needs all three");
  expect_error("backend: docker\ndocker: {execution: {container: {image: ''}}}",
               "docker.execution.container.image (no image name provided)");
}

TEST(Load, GuestAgentKeysThatCannotWorkAreWarnedAbout) {
  const auto quiet = with(
      "backend: docker\ndocker: {execution: {agentPath: /usr/bin/containerssh-agent,\n"
      "  idleCommand: [/usr/bin/containerssh-agent, wait-signal, --signal, INT, --signal, TERM]}}\n");
  ASSERT_TRUE(quiet) << quiet.error().front();
  EXPECT_THAT(quiet->warnings, SizeIs(0));
  const auto loud =
      with("backend: docker\ndocker: {execution: {agentPath: /a, idleCommand: [sleep, inf]}}\n");
  ASSERT_TRUE(loud) << loud.error().front();
  EXPECT_THAT(loud->warnings, SizeIs(2));
}

TEST(Load, OwnTopLevelKeys) {
  const auto config =
      with("stateDirectory: /s\ninstance: blue.1\nthreads: 3\nagentPath: /a\ncoreDumps: true\n");
  ASSERT_TRUE(config) << config.error().front();
  EXPECT_EQ(state_directory(*config), "/s");
  EXPECT_EQ(config->instance, "blue.1");
  EXPECT_EQ(config->threads, 3U);
  EXPECT_TRUE(config->core_dumps);
  expect_error("stateDirectory: s", "absolute");
  expect_error("instance: 'a b'", "instance (must be");
  expect_error("threads: 99999", "at most 1024");
}

TEST(Load, JsonMeansTheSameAndIgnoresCase) {
  const auto config = parse(
      R"({"AUTH": {"publickey": {"Method": "local"}, "local": {"usersfile": "/u"}},
          "Backend": "docker", "docker": {"timeouts": {"http": 5000000000},
          "execution": {"Container": {"IMAGE": "x"}, "host": {"Memory": 33554432}}},
          "ssh": {"listen": "127.0.0.1:1", "clientAliveInterval": 2000000000}})",
      "f.json", Format::json);
  ASSERT_TRUE(config) << config.error().front();
  EXPECT_EQ(config->auth.public_key_method, "local");
  EXPECT_EQ(config->docker.http, 5s);
  EXPECT_EQ(config->docker.container.at("Image"), "x");
  EXPECT_EQ(config->docker.host_config.at("Memory"), 33554432);
  EXPECT_EQ(config->ssh.client_alive_interval, 2s);
  const auto wrong = parse("{\n\"ssh\": {\n\"lisen\": 1}}", "f.json", Format::json);
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error(), Contains(AllOf(HasSubstr("f.json:3:"), HasSubstr("did you mean \"listen\""))));
}

TEST(Load, AFileThatIsNotThereIsAnError) {
  const auto config = load("/no/such/config.yaml");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error(), ElementsAre("/no/such/config.yaml: cannot be read: No such file or directory"));
}

}  // namespace
}  // namespace fairlead::config
