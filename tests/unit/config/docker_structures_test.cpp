// SPDX-License-Identifier: Apache-2.0
// Docker's structures in ContainerSSH's YAML and JSON spellings (core.md Appendix C).
#include "config/docker_structures.hpp"

#include "config/section.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

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

// Appendix C whole: a file of ContainerSSH's may name any of these, in lower case or as its JSON does.
const std::pair<DockerStructure, const char*> containersshs_keys[] = {
    {DockerStructure::container,
     "{hostname: h, domainname: d, user: u, attachstdin: true, attachstdout: true, attachstderr: true,"
     " exposedports: {80/tcp: {}}, tty: true, openstdin: true, stdinonce: true, env: [A=b], cmd: [c],"
     " healthcheck: {test: [t], interval: 1s, timeout: 1s, startperiod: 1s, startinterval: 1s, retries: 1},"
     " argsescaped: true, image: i, volumes: {/v: {}}, workingdir: /w, entrypoint: [e], networkdisabled: "
     "true,"
     " macaddress: m, onbuild: [o], labels: {l: v}, stopsignal: INT, stoptimeout: 1, shell: [s]}"},
    {DockerStructure::host,
     "{binds: [b], containeridfile: f, logconfig: {type: t, config: {a: b}}, networkmode: none,"
     " portbindings: {80/tcp: [{hostip: 127.0.0.1, hostport: '80'}]},"
     " restartpolicy: {name: 'no', maximumretrycount: 1}, autoremove: true, volumedriver: v, volumesfrom: "
     "[v],"
     " consolesize: [25, 80], annotations: {a: b}, capadd: [A], capdrop: [B], cgroupnsmode: host, dns: [d],"
     " dnsoptions: [d], dnssearch: [d], extrahosts: [h], groupadd: [g], ipcmode: host, cgroup: c, links: [l],"
     " oomscoreadj: 1, pidmode: host, privileged: true, publishallports: true, readonlyrootfs: true,"
     " securityopt: [s], storageopt: {size: '1'}, tmpfs: {/t: o}, utsmode: host, usernsmode: host, shmsize: "
     "1,"
     " sysctls: {a: '1'}, runtime: r, isolation: i, maskedpaths: [p], readonlypaths: [p], init: true,"
     " mounts: [{type: bind, source: /s, target: /t, readonly: true, consistency: default,"
     "   bindoptions: {propagation: p, nonrecursive: true, createmountpoint: true, readonlynonrecursive: "
     "true,"
     "     readonlyforcerecursive: true},"
     "   volumeoptions: {nocopy: true, labels: {a: b}, subpath: p, driverconfig: {name: n, options: {a: b}}},"
     "   imageoptions: {subpath: p}, tmpfsoptions: {sizebytes: 1, mode: 1, options: [[o]]}, clusteroptions: "
     "{}}],"
     " resources: {cpushares: 1, memory: 1, nanocpus: 1, cgroupparent: p, blkioweight: 1,"
     "   blkioweightdevice: [{path: p, weight: 1}], blkiodevicereadbps: [{path: p, rate: 1}],"
     "   blkiodevicewritebps: [{path: p, rate: 1}], blkiodevicereadiops: [{path: p, rate: 1}],"
     "   blkiodevicewriteiops: [{path: p, rate: 1}], cpuperiod: 1, cpuquota: 1, cpurealtimeperiod: 1,"
     "   cpurealtimeruntime: 1, cpusetcpus: '0', cpusetmems: '0',"
     "   devices: [{pathonhost: p, pathincontainer: p, cgrouppermissions: r}], devicecgrouprules: [r],"
     "   devicerequests: [{driver: d, count: 1, deviceids: [i], capabilities: [[c]], options: {a: b}}],"
     "   kernelmemory: 1, kernelmemorytcp: 1, memoryreservation: 1, memoryswap: 1, memoryswappiness: 1,"
     "   oomkilldisable: true, pidslimit: 1, ulimits: [{name: n, hard: 1, soft: 1}], cpucount: 1, "
     "cpupercent: 1,"
     "   iomaximumiops: 1, iomaximumbandwidth: 1}}"},
    {DockerStructure::network,
     "{endpointsconfig: {n: {ipamconfig: {ipv4address: a, ipv6address: a, linklocalips: [a]}, links: [l],"
     " aliases: [a], macaddress: m, driveropts: {a: b}, gwpriority: 1, networkid: n, endpointid: e, gateway: "
     "g,"
     " ipaddress: i, ipprefixlen: 1, ipv6gateway: g, globalipv6address: a, globalipv6prefixlen: 1,"
     " dnsnames: [d]}}}"},
    {DockerStructure::platform, "{architecture: a, os: o, osversion: v, osfeatures: [f], variant: v}"},
};

TEST(DockerStructures, EveryKeyOfContainerSSHIsKnownInBothLayouts) {
  for (const auto& [structure, yaml] : containersshs_keys) {
    const Read file = read(yaml, structure);
    EXPECT_THAT(file.findings.errors, SizeIs(0)) << yaml;
    EXPECT_THAT(file.findings.warnings, SizeIs(0)) << yaml;
    // As the configuration webhook says it: the engine's own names, limits directly in `host`.
    const Read again = read(file.json, structure);
    EXPECT_EQ(again.json, file.json);
    EXPECT_THAT(again.findings.warnings, SizeIs(0));
    const auto dumped =
        boost::json::serialize(to_file_layout(boost::json::parse(file.json).as_object(), structure));
    EXPECT_EQ(read(dumped, structure).json, file.json) << "what a dump writes is read again";
  }
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
