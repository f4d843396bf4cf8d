// SPDX-License-Identifier: Apache-2.0
// Docker's structures in ContainerSSH's YAML and JSON spellings (core.md Appendix C).
#include "config/docker_structures.hpp"

#include "config/section.hpp"

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

struct Read {
  std::string json;
  Findings findings{"f"};
};

Read read(const std::string& yaml, DockerStructure structure) {
  Read result;
  const Node node = parse_yaml(yaml, "f").value();
  result.json = boost::json::serialize(docker_structure(result.findings, "s", node, structure));
  return result;
}

TEST(DockerStructures, NamesBecomeTheEngines) {
  EXPECT_EQ(read("{image: a, workingdir: /w, STOPTIMEOUT: 3, Tty: yes}", DockerStructure::container).json,
            R"({"Image":"a","WorkingDir":"/w","StopTimeout":3,"Tty":true})");
  EXPECT_EQ(read("{networkmode: none, utsmode: host, dns: [1.1.1.1]}", DockerStructure::host).json,
            R"({"NetworkMode":"none","UTSMode":"host","Dns":["1.1.1.1"]})");
  EXPECT_EQ(read("{os: linux, osversion: '10', os.features: [a]}", DockerStructure::platform).json,
            R"({"os":"linux","os.version":"10","os.features":["a"]})");
}

TEST(DockerStructures, TypesAreTheEngines) {
  EXPECT_EQ(
      read("{user: 1000, labels: {a: 1, b: true, c: }, exposedports: {80/tcp: {}}, env: [X=1]}",
           DockerStructure::container)
          .json,
      R"({"User":"1000","Labels":{"a":"1","b":"true","c":""},"ExposedPorts":{"80/tcp":{}},"Env":["X=1"]})");
  EXPECT_EQ(
      read("{healthcheck: {test: [CMD, x], interval: 30s, retries: 2}}", DockerStructure::container).json,
      R"({"Healthcheck":{"Test":["CMD","x"],"Interval":30000000000,"Retries":2}})");
}

TEST(DockerStructures, LimitsMayStandInResourcesOrDirectly) {
  EXPECT_EQ(read("{resources: {memory: 1G, pidslimit: -1}, cpushares: 5}", DockerStructure::host).json,
            R"({"Memory":1073741824,"PidsLimit":-1,"CpuShares":5})");
}

TEST(DockerStructures, NestedListsAndMaps) {
  EXPECT_EQ(read("{mounts: [{type: bind, source: /a, target: /b, readonly: true, bindoptions: {propagation: "
                 "rslave}}],"
                 " portbindings: {80/tcp: [{hostip: 0.0.0.0, hostport: 8080}]}}",
                 DockerStructure::host)
                .json,
            R"({"Mounts":[{"Type":"bind","Source":"/a","Target":"/b","ReadOnly":true,)"
            R"("BindOptions":{"Propagation":"rslave"}}],)"
            R"("PortBindings":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"}]}})");
  EXPECT_EQ(read("{endpointsconfig: {net: {ipamconfig: {ipv4address: 10.0.0.1}, aliases: [a]}}}",
                 DockerStructure::network)
                .json,
            R"({"EndpointsConfig":{"net":{"IPAMConfig":{"IPv4Address":"10.0.0.1"},"Aliases":["a"]}}})");
}

TEST(DockerStructures, UnknownKeysAreLeftOutWithAWarning) {
  const Read result = read("image: x\nenviron: [A=b]\nfoo: 1\n", DockerStructure::container);
  EXPECT_EQ(result.json, R"({"Image":"x"})");
  EXPECT_THAT(result.findings.errors, SizeIs(0));
  EXPECT_THAT(result.findings.warnings, ElementsAre(HasSubstr("f:2: s.environ"), HasSubstr("f:3: s.foo")));
}

TEST(DockerStructures, WrongTypesAreErrors) {
  for (const char* yaml : {"{tty: 3}", "{env: A=b}", "{env: {A: b}}", "{stoptimeout: soon}", "{image: [a]}",
                           "{healthcheck: x}", "{labels: [a]}", "[a]"})
    EXPECT_THAT(read(yaml, DockerStructure::container).findings.errors, SizeIs(1)) << yaml;
  EXPECT_THAT(read("{mounts: [x]}", DockerStructure::host).findings.errors,
              ElementsAre(HasSubstr("s.mounts[0]")));
}

}  // namespace
}  // namespace fairlead::config
