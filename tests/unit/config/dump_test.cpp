// SPDX-License-Identifier: Apache-2.0
// The dump is complete, loads again as the same configuration, and keeps secrets to itself.
#include "config/dump.hpp"

#include "config/node.hpp"
#include "config/values.hpp"
#include "unit/config/config_fixture.hpp"

#include <boost/json.hpp>

namespace fairlead::config {
namespace {

using testing::HasSubstr;
using testing::Not;

// What a dump looks like when it has been loaded from YAML and from JSON.
void expect_stable(const std::string& text) {
  const boost::json::object first = dump(loaded(text), Secrets::shown);
  const std::string yaml = to_yaml(first);
  const auto again = parse(yaml, "dump.yaml");
  ASSERT_TRUE(again) << again.error().front() << "\n" << yaml;
  EXPECT_EQ(to_yaml(dump(*again, Secrets::shown)), yaml);
  const auto json = parse(boost::json::serialize(first), "dump.json", Format::json);
  ASSERT_TRUE(json) << json.error().front();
  EXPECT_EQ(to_yaml(dump(*json, Secrets::shown)), yaml);
}

TEST(Dump, LoadsAgainAsTheSameConfiguration) {
  expect_stable(minimal_file);
  expect_stable(
      std::string(minimal_file) +
      "backend: docker\n"
      "docker:\n  execution:\n    container: {image: a, env: ['A=b c'], labels: {x: 'yes', 'a b': ''},\n"
      "      healthcheck: {test: [CMD], interval: 30s}}\n"
      "    host: {resources: {memory: 64M, ulimits: [{name: nofile, soft: 1, hard: 2}]},\n"
      "      portbindings: {80/tcp: [{hostip: 127.0.0.1, hostport: 8080}]}, capadd: [ALL]}\n"
      "    network: {endpointsconfig: {net: {ipamconfig: {ipv4address: 10.0.0.2}}}}\n"
      "    platform: {os: linux, osversion: '1'}\n  limits: {memory: none, cpus: 1.5}\n"
      "ssh: {banner: \"two\\nlines: # \\t\", kex: [curve25519-sha256], clientAliveInterval: 1m30s}\n"
      "log: {level: 7}\nsecurity: {maxSessions: 0, env: {mode: filter, allow: ['-', '']}}\n"
      "health: {enable: true, curves: 'X25519:prime256v1'}\n");
}

TEST(Dump, OldFormsComeOutInTheNewOne) {
  const std::string yaml = to_yaml(dump(
      loaded("auth: {url: 'http://h/x', timeout: 5s, password: true}\noci: {image: /i}\n"), Secrets::shown));
  EXPECT_THAT(yaml, HasSubstr("  password:\n    method: webhook\n    webhook:\n      url: \"http://h/x\"\n"));
  EXPECT_THAT(yaml, HasSubstr("\n  url: \"\"\n"));
  expect_stable("auth: {url: 'http://h/x', timeout: 5s, password: true}\noci: {image: /i}\n");
}

TEST(Dump, SecretsAreMaskedUnlessAskedFor) {
  const Config config = loaded(std::string(minimal_file) +
                               "sshproxy: {password: geheim1}\naudit: {s3: {secretKey: geheim2}}\n"
                               "kubernetes: {connection: {bearerToken: geheim3, password: geheim4}}\n"
                               "docker: {execution: {auth: {password: geheim5, identitytoken: geheim6}}}\n"
                               "ssh: {hostkeys: [/etc/key, \"-----BEGIN PRIVATE KEY-----\\ngeheim7\\n\"]}\n"
                               "health: {key: \"\\n-----BEGIN PRIVATE KEY-----\\ngeheim8\"}\n"
                               "metrics: {key: /etc/metrics.pem}\n");
  const std::string masked = to_yaml(dump(config, Secrets::masked));
  EXPECT_THAT(masked, Not(HasSubstr("geheim")));
  EXPECT_THAT(masked, HasSubstr("- /etc/key\n"));
  EXPECT_THAT(masked, HasSubstr("key: /etc/metrics.pem\n"));
  const std::string shown = to_yaml(dump(config, Secrets::shown));
  for (const char* secret :
       {"geheim1", "geheim2", "geheim3", "geheim4", "geheim5", "geheim6", "geheim7", "geheim8"})
    EXPECT_THAT(shown, HasSubstr(secret));
}

TEST(Dump, TextsThatYamlWouldTakeForSomethingElseAreQuoted) {
  const boost::json::object document{{"a", "yes"},  {"b", "1.3"},    {"c", "null"},
                                     {"d", "x: y"}, {"e", "/a/b.c"}, {"f", ""},
                                     {"g", true},   {"h", 2.5},      {"i", boost::json::array()}};
  EXPECT_EQ(to_yaml(document),
            "a: \"yes\"\nb: \"1.3\"\nc: \"null\"\nd: \"x: y\"\ne: /a/b.c\nf: \"\"\ng: true\nh: 2.5\ni: []\n");
}

TEST(Schema, KnowsEveryKeyOfTheDump) {
  const boost::json::object all = schema(), values = dump(loaded(minimal_file), Secrets::shown);
  const auto covers = [](const auto& self, const boost::json::object& object,
                         const boost::json::object& value, const std::string& path) -> void {
    const auto* properties = object.if_contains("properties");
    if (properties == nullptr) return;
    for (const auto& member : value) {
      const auto* below = properties->get_object().if_contains(member.key());
      ASSERT_NE(below, nullptr) << path << member.key();
      if (const auto* section = member.value().if_object())
        self(self, below->get_object(), *section, path + std::string(member.key()) + ".");
    }
  };
  covers(covers, all, values, "");
}

// core.md section 9.10, test 9.2. What differs is documented (docs/configuration.md).
TEST(Dump, HasEveryKeyOfContainerSshWithItsDefault) {
  const auto text = read_text_file(FAIRLEAD_TEST_DATA "/config/containerssh_default.yaml");
  ASSERT_TRUE(text) << text.error();
  const auto theirs = parse_yaml(*text, "default");
  ASSERT_TRUE(theirs) << theirs.error().front();
  const auto nothing = parse("log: {}", "f.yaml", Format::yaml, Validation::form);
  ASSERT_TRUE(nothing) << nothing.error().front();
  const boost::json::object ours = dump(*nothing, Secrets::shown);
  std::vector<std::string> missing, different;
  const auto compare = [&](const auto& self, const boost::json::value& expected,
                           const boost::json::value& found, const std::string& path) -> void {
    if (expected.is_object() && found.is_object()) {
      for (const auto& member : expected.get_object()) {
        const auto* value = found.get_object().if_contains(member.key());
        if (value == nullptr)
          missing.push_back(path + std::string(member.key()));
        else
          self(self, member.value(), *value, path + std::string(member.key()) + ".");
      }
      return;
    }
    if (expected.is_number() && found.is_number() &&
        expected.to_number<double>() == found.to_number<double>())
      return;
    if (expected.is_string() && found.is_string())
      if (const auto duration = parse_duration(expected.get_string()))
        if (duration == parse_duration(found.get_string())) return;
    const bool empty = expected.is_null() && found.is_object() && found.get_object().empty();
    if (!empty && expected != found) different.push_back(path);
  };
  compare(compare, to_json(*theirs), ours, "");
  // Fairlead brings an SFTP server along.
  EXPECT_THAT(missing, testing::ElementsAre("docker.execution.subsystems.sftp"));
  EXPECT_THAT(different,
              testing::UnorderedElementsAre("ssh.serverVersion.", "ssh.ciphers.", "ssh.kex.", "ssh.macs.",
                                            "docker.execution.auth.", "docker.execution.shellCommand."));
}

TEST(Dump, ContainerSshsDefaultFileIsAccepted) {
  auto text = read_text_file(FAIRLEAD_TEST_DATA "/config/containerssh_default.yaml");
  ASSERT_TRUE(text) << text.error();
  const auto config = parse(*text, "f.yaml");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error(), testing::ElementsAre(HasSubstr("auth (no authentication method configured")));
  text->replace(text->find("method: \"\""), 10, "method: webhook");
  text->replace(text->find("url: \"\"", text->find("method: webhook")), 7, "url: http://127.0.0.1:8080");
  EXPECT_EQ(loaded(*text).backend, "docker");
}

}  // namespace
}  // namespace fairlead::config
