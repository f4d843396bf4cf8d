// SPDX-License-Identifier: Apache-2.0
// The Docker backend's pure parts: attach frames, image names, and what a container is made of.
#include "backend/docker/attach_frames.hpp"
#include "backend/docker/container_spec.hpp"
#include "backend/docker/image_reference.hpp"
#include "http/error.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace fairlead::docker {
namespace {

namespace json = boost::json;

std::string frame(char stream, std::string_view data) {
  std::string text{
      stream, 0, 0, 0, 0, 0, static_cast<char>(data.size() >> 8), static_cast<char>(data.size() & 255)};
  return text.append(data);
}

struct Output {
  std::string standard, error;
};

Output decode(std::string_view bytes, std::size_t step) {
  FrameDecoder decoder;
  Output output;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    auto input = ssh::as_bytes(bytes.substr(at, step));
    while (const auto piece = decoder.next(input)) {
      EXPECT_FALSE(piece->data.empty());
      auto& into = piece->source == FrameDecoder::Source::standard_output ? output.standard : output.error;
      into += ssh::as_text(piece->data);
    }
    EXPECT_TRUE(input.empty());
  }
  return output;
}

TEST(AttachFrames, AnySplitGivesTheSame) {
  const auto bytes = frame(1, "hello ") + frame(2, "oh no\n") + frame(1, "") + frame(0, "there ") +
                     frame(1, std::string(700, 'x'));
  for (const std::size_t step : {1U, 2U, 7U, 8U, 9U, 100U, 5000U}) {
    const auto output = decode(bytes, step);
    EXPECT_EQ(output.standard, "hello there " + std::string(700, 'x')) << step;
    EXPECT_EQ(output.error, "oh no\n") << step;
  }
}

TEST(AttachFrames, AHugeLengthNeedsNoMemory) {
  const auto output = decode(std::string("\1\0\0\0\xff\xff\xff\xff", 8) + "data", 3);
  EXPECT_EQ(output.standard, "data");
}

TEST(AttachFrames, WhatIsNoFrameIsAnError) {
  for (const auto& bytes :
       {std::string("\3\0\0\0\0\0\0\1x", 9), std::string("\1\0\1\0\0\0\0\1x", 9), std::string("SSH-2.0-x")})
    EXPECT_THROW((void)decode(bytes, 4), http::HttpError);
}

TEST(ImageReference, ShortNamesAreMadeFull) {
  struct Case {
    const char *image, *name, *tag;
  };
  for (const Case& c :
       {Case{"busybox", "docker.io/library/busybox", "latest"},
        Case{"busybox:1.36", "docker.io/library/busybox", "1.36"},
        Case{"containerssh/guest", "docker.io/containerssh/guest", "latest"},
        Case{"localhost/x", "localhost/x", "latest"}, Case{"localhost:5000/x:y", "localhost:5000/x", "y"},
        Case{"reg.example.com/a/b", "reg.example.com/a/b", "latest"},
        Case{"reg:5000/x", "reg:5000/x", "latest"},
        Case{"x@sha256:abcd", "docker.io/library/x", "sha256:abcd"},
        Case{"x:1@sha256:abcd", "docker.io/library/x", "sha256:abcd"}}) {
    const auto reference = canonical_reference(c.image);
    EXPECT_EQ(reference.name, c.name) << c.image;
    EXPECT_EQ(reference.tag, c.tag) << c.image;
  }
}

class ContainerSpec : public testing::Test {
 protected:
  NewContainer make(LinkKind kind = LinkKind::socket) {
    backend::Login login;
    login.connection_id = "0123456789abcdef0123456789abcdef";
    login.user = "al\"ice; rm -rf /";
    login.remote_address = "192.0.2.7";
    login.metadata = metadata_;
    login.config = std::make_shared<config::Config>(config_);
    return make_container(login, {"docker-1", "test", "owner", "/var/lib/x/docker-1", disk_limit_}, kind);
  }
  static std::string text(const json::value& value) { return json::serialize(value); }
  json::object host(LinkKind kind = LinkKind::socket) { return make(kind).body.at("HostConfig").as_object(); }
  json::object& host_config() { return config_.docker.host_config; }

  config::Config config_;
  config::Metadata metadata_;
  DiskLimit disk_limit_ = DiskLimit::quota;
};

TEST_F(ContainerSpec, LabelsOfTheLoginWinAndOthersStay) {
  config_.docker.container["Labels"] = {{"mine", "yes"}, {"containerssh_username", "forged"}};
  EXPECT_EQ(make().body.at("Labels"),
            json::value({{"mine", "yes"},
                         {"containerssh_username", "al\"ice; rm -rf /"},
                         {"containerssh_connection_id", "0123456789abcdef0123456789abcdef"},
                         {"containerssh_ip", "192.0.2.7"},
                         {"fairlead_instance", "test"},
                         {"fairlead_owner", "owner"},
                         {"fairlead_box", "docker-1"}}));
}

TEST_F(ContainerSpec, MetadataBecomesLabelsWhereItIsAskedForAndNeverOurs) {
  metadata_.metadata = {{"team", {"blue", false}}, {"user", {"forged", false}}, {"other", {"x", false}}};
  config_.docker.metadata_labels = {{"team", "team"}, {"user", "containerssh_username"}, {"none", "absent"}};
  const auto labels = make().body.at("Labels").as_object();
  EXPECT_EQ(labels.at("team"), "blue");
  EXPECT_EQ(labels.at("containerssh_username"), "al\"ice; rm -rf /");
  EXPECT_FALSE(labels.contains("absent"));
  EXPECT_FALSE(labels.contains("other"));
}

TEST_F(ContainerSpec, TheAgentIsTheFirstProcessWhateverIsConfigured) {
  config_.docker.container["Cmd"] = json::array{"sleep", "1"};
  config_.docker.container["Entrypoint"] = json::array{"/init"};
  config_.docker.container["Tty"] = true;
  auto body = make().body;
  EXPECT_EQ(text(body.at("Entrypoint")), R"(["/.fairlead/agent","serve","--socket","/.fairlead/link"])");
  EXPECT_EQ(text(body.at("Cmd")), "[]");
  EXPECT_EQ(body.at("Tty"), false);
  EXPECT_EQ(body.at("OpenStdin"), false);
  body = make(LinkKind::attach).body;
  EXPECT_EQ(text(body.at("Entrypoint")), R"(["/.fairlead/agent","serve","--stdio"])");
  EXPECT_EQ(body.at("OpenStdin"), true);
  EXPECT_EQ(body.at("StdinOnce"), true);
}

TEST_F(ContainerSpec, SafeDefaults) {
  const auto made = host();
  EXPECT_EQ(text(made.at("SecurityOpt")), R"(["no-new-privileges"])");
  EXPECT_EQ(text(made.at("CapDrop")), R"(["NET_RAW","MKNOD","SETFCAP","SETPCAP","AUDIT_WRITE"])");
  // Podman makes what is added ambient for users who are not root.
  EXPECT_FALSE(made.contains("CapAdd"));
  EXPECT_EQ(made.at("PidsLimit"), 4096);
  EXPECT_EQ(text(made.at("LogConfig")), R"({"Type":"none"})");
  EXPECT_EQ(text(made.at("RestartPolicy")), R"({"Name":"no"})");
  EXPECT_EQ(made.at("AutoRemove"), false);
  EXPECT_FALSE(made.contains("Memory"));
  EXPECT_EQ(text(made.at("Mounts")),
            R"([{"Target":"/.fairlead","Type":"bind","Source":"/var/lib/x/docker-1","ReadOnly":true}])");
  EXPECT_EQ(make().name, "fairlead-docker-1");
}

TEST_F(ContainerSpec, LimitsBecomeTheEnginesOwn) {
  config_.docker.limits = {std::uint64_t{256} << 20, 1.5, 64, std::nullopt};
  const auto made = host();
  EXPECT_EQ(made.at("Memory"), 256 << 20);
  EXPECT_EQ(made.at("MemorySwap"), 256 << 20);
  EXPECT_EQ(made.at("CpuQuota"), 150'000);
  EXPECT_EQ(made.at("CpuPeriod"), 100'000);
  EXPECT_EQ(made.at("PidsLimit"), 64);
}

TEST_F(ContainerSpec, ADiskLimitIsAQuotaOrALabelForTheWatch) {
  config_.docker.limits.disk = std::uint64_t{64} << 20;
  EXPECT_EQ(host().at("StorageOpt").at("size"), "67108864");
  EXPECT_FALSE(make().body.at("Labels").as_object().contains("fairlead_disk"));
  disk_limit_ = DiskLimit::watched;
  EXPECT_FALSE(host().contains("StorageOpt"));
  EXPECT_EQ(make().body.at("Labels").at("fairlead_disk"), "67108864");
  host_config() = {{"StorageOpt", {{"size", "1G"}}}};
  EXPECT_EQ(host().at("StorageOpt").at("size"), "1G") << "what the operator set stays";
  EXPECT_FALSE(make().body.at("Labels").as_object().contains("fairlead_disk"));
}

TEST_F(ContainerSpec, WhatTheOperatorSetStays) {
  config_.docker.limits = {std::uint64_t{256} << 20, 1.5, 64, std::nullopt};
  host_config() = json::parse(R"({"Memory": 7, "NanoCpus": 5, "PidsLimit": -1, "CapAdd": ["NET_RAW"],
      "SecurityOpt": ["seccomp=unconfined"], "LogConfig": {"Type": "journald"}, "NetworkMode": "none",
      "Binds": ["/a:/b"], "Mounts": [{"Type": "tmpfs", "Target": "/t"}]})")
                      .as_object();
  const auto made = host();
  EXPECT_EQ(made.at("Memory"), 7);
  EXPECT_FALSE(made.contains("MemorySwap"));
  EXPECT_FALSE(made.contains("CpuQuota"));
  EXPECT_EQ(made.at("PidsLimit"), -1);
  EXPECT_EQ(text(made.at("CapAdd")), R"(["NET_RAW"])");
  EXPECT_FALSE(made.contains("CapDrop"));
  EXPECT_EQ(text(made.at("SecurityOpt")), R"(["seccomp=unconfined","no-new-privileges"])");
  EXPECT_EQ(text(made.at("LogConfig")), R"({"Type":"journald"})");
  EXPECT_EQ(made.at("NetworkMode"), "none");
  EXPECT_EQ(made.at("Mounts").as_array().size(), 2U);
  EXPECT_EQ(text(made.at("Binds")), R"(["/a:/b"])");
}

TEST_F(ContainerSpec, PrivilegesTheOperatorDecidedOnAreNotTouched) {
  host_config()["SecurityOpt"] = json::array{"no-new-privileges:false"};
  EXPECT_EQ(text(host().at("SecurityOpt")), R"(["no-new-privileges:false"])");
  host_config() = {{"Privileged", true}};
  EXPECT_FALSE(host().contains("SecurityOpt"));
  EXPECT_FALSE(host().contains("CapDrop"));
}

TEST_F(ContainerSpec, ABoxNeverRestartsOrRemovesItself) {
  host_config() = json::parse(R"({"RestartPolicy": {"Name": "always"}, "AutoRemove": true})").as_object();
  EXPECT_EQ(text(host().at("RestartPolicy")), R"({"Name":"no"})");
  EXPECT_EQ(host().at("AutoRemove"), false);
}

TEST_F(ContainerSpec, AnUploadedAgentNeedsAMountOnlyOnAReadOnlyRoot) {
  EXPECT_FALSE(host(LinkKind::attach).contains("Mounts"));
  host_config()["ReadonlyRootfs"] = true;
  EXPECT_EQ(text(host(LinkKind::attach).at("Mounts")), R"([{"Target":"/.fairlead","Type":"volume"}])");
}

TEST_F(ContainerSpec, AnAgentThatSwitchesUsersStartsAsRoot) {
  EXPECT_FALSE(make().body.contains("User"));
  config_.docker.programs.user = "alice";
  EXPECT_EQ(make().body.at("User"), "0:0");
  config_.docker.container["User"] = "1000";
  EXPECT_EQ(make().body.at("User"), "1000");
}

TEST_F(ContainerSpec, NamePlatformAndNetworkArePassedOn) {
  config_.docker.container_name = "fixed";
  config_.docker.platform = {{"architecture", "arm64"}, {"os", "linux"}, {"variant", "v8"}};
  config_.docker.network_config = {{"EndpointsConfig", {{"inner", json::object()}}}};
  const auto made = make();
  EXPECT_EQ(made.name, "fixed");
  EXPECT_EQ(made.platform, "linux/arm64/v8");
  EXPECT_EQ(text(made.body.at("NetworkingConfig")), R"({"EndpointsConfig":{"inner":{}}})");
}

}  // namespace
}  // namespace fairlead::docker
