// SPDX-License-Identifier: Apache-2.0
// Hand-made SFTP packets to a server core, and its answers taken apart.
#pragma once

#include "agent/sftp_server.hpp"
#include "base/wire.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::test {

using agent::sftp::Attributes;
using agent::sftp::Message;
using agent::sftp::StatusCode;
using Fields = std::function<void(ssh::WireWriter&)>;

inline std::string packet_of(Message type, const Fields& fields) {
  ssh::ByteBuffer buffer;
  ssh::WireWriter writer(buffer);
  writer.byte(static_cast<std::uint8_t>(type));
  fields(writer);
  return ssh::to_string(buffer.readable());
}

struct Answer {
  Message type{};
  std::uint32_t id = 0;
  std::string body;  // what follows the id

  [[nodiscard]] StatusCode status() const {
    EXPECT_EQ(type, Message::status);
    return static_cast<StatusCode>(ssh::WireReader(ssh::as_bytes(body)).u32());
  }
  [[nodiscard]] std::string text() const {  // a handle, data
    ssh::WireReader reader(ssh::as_bytes(body));
    return std::string(reader.text());
  }
  [[nodiscard]] Attributes attributes() const {
    EXPECT_EQ(type, Message::attrs);
    ssh::WireReader reader(ssh::as_bytes(body));
    return Attributes::decode(reader);
  }
  struct Name {
    std::string name, long_name;
    Attributes attributes;
  };
  [[nodiscard]] std::vector<Name> names() const {
    EXPECT_EQ(type, Message::name);
    ssh::WireReader reader(ssh::as_bytes(body));
    std::vector<Name> names(reader.u32());
    for (auto& name : names) {
      name.name = reader.text();
      name.long_name = reader.text();
      name.attributes = Attributes::decode(reader);
    }
    EXPECT_TRUE(reader.done());
    return names;
  }
};

class SftpClient {
 public:
  SftpClient() {
    EXPECT_TRUE(server_.receive(
        ssh::as_bytes(packet_of(Message::init, [](ssh::WireWriter& writer) { writer.u32(3); }))));
    version_ = take();
  }

  [[nodiscard]] const Answer& version() const { return version_; }
  [[nodiscard]] bool feed(std::string_view packet) { return server_.receive(ssh::as_bytes(packet)); }

  // The one answer to one request; its id is checked.
  Answer ask(Message type, const Fields& fields = [](ssh::WireWriter&) {}) {
    const auto id = ++id_;
    EXPECT_TRUE(feed(packet_of(type, [&](ssh::WireWriter& writer) {
      writer.u32(id);
      fields(writer);
    })));
    auto answer = take();
    EXPECT_EQ(answer.id, id);
    return answer;
  }
  Answer extended(std::string_view name, const Fields& fields = [](ssh::WireWriter&) {}) {
    return ask(Message::extended, [&](ssh::WireWriter& writer) {
      writer.string(name);
      fields(writer);
    });
  }
  Answer with_path(Message type, std::string_view path) {
    return ask(type, [&](ssh::WireWriter& writer) { writer.string(path); });
  }
  Answer open(std::string_view path, std::uint32_t flags, const Attributes& attributes = {}) {
    return ask(Message::open, [&](ssh::WireWriter& writer) {
      writer.string(path).u32(flags);
      attributes.encode(writer);
    });
  }
  Answer read(std::string_view handle, std::uint64_t offset, std::uint32_t length) {
    return ask(Message::read,
               [&](ssh::WireWriter& writer) { writer.string(handle).u64(offset).u32(length); });
  }
  Answer write(std::string_view handle, std::uint64_t offset, std::string_view data) {
    return ask(Message::write,
               [&](ssh::WireWriter& writer) { writer.string(handle).u64(offset).string(data); });
  }

  // The only packet that is waiting.
  Answer take() {
    ssh::WireReader framed(output_.readable());
    ssh::WireReader reader(framed.string());
    Answer answer;
    answer.type = static_cast<Message>(reader.byte());
    answer.id = reader.u32();
    answer.body = ssh::to_string(reader.rest());
    EXPECT_TRUE(reader.ok());
    EXPECT_TRUE(framed.done()) << "not exactly one answer";
    output_.clear();
    return answer;
  }
  [[nodiscard]] bool silent() const { return output_.empty(); }

 private:
  ssh::ByteBuffer output_;
  agent::sftp::SftpServer server_{output_};
  std::uint32_t id_ = 100;
  Answer version_;
};

}  // namespace fairlead::test
