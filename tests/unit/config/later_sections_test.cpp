// SPDX-License-Identifier: Apache-2.0
// Sections whose subsystems are not built: every key is known and checked, and a file that needs one is
// refused.
#include "unit/config/config_fixture.hpp"

namespace fairlead::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

void expect_all(const std::string& more, const std::vector<std::string>& parts) {
  const auto config = with(more);
  ASSERT_FALSE(config) << more;
  EXPECT_THAT(config.error(), testing::SizeIs(parts.size()));
  for (const std::string& part : parts) EXPECT_THAT(config.error(), Contains(HasSubstr(part))) << more;
}

TEST(LaterSections, TypesAndKeysAreCheckedInEach) {
  expect_error("kubernetes: {pod: {enableAgent: true}}", "kubernetes.pod.enableAgent (unknown key");
  expect_error("kubernetes: {connection: {qps: fast}}", "kubernetes.connection.qps (expected a number");
  expect_error("kubernetes: {pod: {mode: once}}", "kubernetes.pod.mode (expected one of connection");
  expect_error("sshproxy: {port: 70000}", "sshproxy.port (expected a whole number");
  expect_error("sshproxy: {hostKeyAlgorithms: [ecdsa-sha2-nistp256]}",
               "sshproxy.hostKeyAlgos (not supported");
  expect_error("sshproxy: {clientVersion: SSH-2.0-Open_SSH}", "sshproxy.clientVersion (must be");
  expect_error("audit: {format: audit}", "audit.format (expected one of none, binary, asciinema");
  expect_error("geoip: {provider: guess}", "geoip.provider (expected one of dummy, maxmind");
  expect_error("metrics: {pth: /x}", "did you mean \"path\"?");
  expect_error("log: {syslog: {facility: nobody}}", "log.syslog.facility (expected one of kern");
}

TEST(LaterSections, ACompleteKubernetesBackendIsRefusedWithOneSentence) {
  expect_all("backend: kubernetes\nkubernetes: {connection: {host: k}}\n",
             {"f.yaml:5: invalid configuration option: backend (backend kubernetes is not built yet)"});
}

TEST(LaterSections, TheChosenBackendIsChecked) {
  expect_all(
      "backend: kubernetes\nkubernetes: {connection: {host: '', bearerTokenFile: /no}, pod: {metadata: "
      "{namespace: ''},\n spec: {containers: [{name: x, image: ''}], restartPolicy: Always}, mode: session, "
      "consoleContainerNumber: 1, createMissingPods: true}}\n",
      {"kubernetes.connection.host (no host specified)", "bearerTokenFile (file /no not found)",
       "kubernetes.pod.metadata.namespace (", "kubernetes.pod.spec.0.image (no image",
       "consoleContainerNumber (", "createMissingPods (", "kubernetes.pod.spec.restartPolicy (",
       "is not built yet"});
  expect_all("backend: sshproxy\n",
             {"sshproxy.server (server cannot be empty)",
              "sshproxy.username (username cannot be empty when usernamePassThrough is not set)",
              "sshproxy.allowedHostKeyFingerprints (allowedHostKeyFingerprints cannot be empty)",
              "is not built yet"});
}

TEST(LaterSections, KubernetesDefaultsAreMergedAsContainerSshDoes) {
  const Config config = loaded_with(
      "kubernetes: {pod: {metadata: {labels: {a: b}}, spec: {containers: [{image: mine}, {name: two}]},\n"
      "  subsystems: {x: /x}}}\n");
  EXPECT_EQ(config.kubernetes.metadata.at("namespace"), "default");
  EXPECT_EQ(config.kubernetes.spec.at("containers").at(0).at("name"), "shell");
  EXPECT_EQ(config.kubernetes.spec.at("containers").at(0).at("image"), "mine");
  EXPECT_EQ(config.kubernetes.subsystems.at("sftp"), "/usr/lib/openssh/sftp-server");
  EXPECT_EQ(config.kubernetes.subsystems.at("x"), "/x");
}

TEST(LaterSections, AMethodThatIsChosenIsChecked) {
  const auto auth = [](const std::string& text) {
    const auto config = parse("oci: {image: /i}\nauth: {" + text + "}", "f.yaml");
    return config ? Errors{} : config.error();
  };
  EXPECT_THAT(
      auth("password: {method: kerberos, kerberos: {keytab: /no}}"),
      ElementsAre(HasSubstr("method kerberos is not built yet"), HasSubstr("keytab (file /no not found)")));
  const Errors oauth2 = auth("keyboardInteractive: {method: oauth2, oauth2: {provider: oidc, clientId: x}}");
  EXPECT_THAT(oauth2, Contains(HasSubstr("oauth2.clientSecret (must be given)")));
  EXPECT_THAT(oauth2, Contains(HasSubstr("oauth2.oidc.deviceFlow (at least one")));
  EXPECT_THAT(oauth2, Contains(HasSubstr("method oauth2 is not built yet")));
  EXPECT_THAT(auth("publicKey: {method: webhook}"),
              ElementsAre(HasSubstr("auth.publicKey.webhook.url (must be given)")));
  EXPECT_THAT(auth("publicKey: {method: webhook, webhook: {url: 'http://h', authTimeout: 1ms}}"),
              ElementsAre(HasSubstr("authTimeout (must be at least 100ms)")));
}

TEST(LaterSections, TheAuditLogIsCheckedWhenItIsEnabled) {
  EXPECT_THAT(loaded_with("audit: {enable: false, storage: s3, s3: {uploadPartSize: 1}}\n").warnings,
              IsEmpty());
  expect_all(
      "audit: {enable: true, storage: s3, s3: {local: /no, uploadPartSize: 1, parallelUploads: 0}}\n",
      {"audit.s3.local (directory /no not found)", "accessKey (", "secretKey (", "bucket (",
       "uploadPartSize (must be at least 5242880)", "parallelUploads (must be at least 1)", "not built yet"});
}

TEST(Postponed, WithAConfigurationServerItsSectionsAreCheckedAtLogins) {
  EXPECT_TRUE(
      with("configserver: {url: 'http://h'}\nbackend: docker\ndocker: {execution: {mode: sessions, "
           "container: {image: ''}}}\nsecurity: {maxSessions: -2, shell: {mode: deny}}\n"));
  EXPECT_TRUE(with("configserver: {url: 'http://h'}\nbackend: dockerrun\n"));
  expect_error("configserver: {url: 'http://h'}\ndocker: {executon: {}}\n", "did you mean \"execution\"?");
}

TEST(Json, UnknownKeysOfAuthAreWarningsThere) {
  const auto config = parse(
      R"({"auth": {"publicKey": {"method": "local", "foo": 1}, "local": {"usersFile": "/u"}}, "oci": {"image": "/i"},
          "docker": {"timeouts": {"foo": 1}}})",
      "f.json", Format::json);
  ASSERT_TRUE(config) << config.error().front();
  EXPECT_THAT(config->warnings, ElementsAre(HasSubstr("auth.publicKey.foo: unknown key"),
                                            HasSubstr("docker.timeouts.foo: unknown key")));
}

}  // namespace
}  // namespace fairlead::config
