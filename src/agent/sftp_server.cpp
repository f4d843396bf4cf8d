// SPDX-License-Identifier: Apache-2.0
// Requests to their handlers.
#include "agent/sftp_server.hpp"

#include "agent/sftp_handlers.hpp"

#include <array>

namespace fairlead::agent::sftp {
namespace {

Handler handler_of(Message type) {
  switch (type) {
    case Message::open:
      return on_open;
    case Message::close:
      return on_close;
    case Message::read:
      return on_read;
    case Message::write:
      return on_write;
    case Message::lstat:
      return on_lstat;
    case Message::fstat:
      return on_fstat;
    case Message::setstat:
      return on_setstat;
    case Message::fsetstat:
      return on_fsetstat;
    case Message::opendir:
      return on_opendir;
    case Message::readdir:
      return on_readdir;
    case Message::remove:
      return on_remove;
    case Message::mkdir:
      return on_mkdir;
    case Message::rmdir:
      return on_rmdir;
    case Message::realpath:
      return on_realpath;
    case Message::stat:
      return on_stat;
    case Message::rename:
      return on_rename;
    case Message::readlink:
      return on_readlink;
    case Message::symlink:
      return on_symlink;
    case Message::extended:
      return on_extended;
    default:
      return [](Workspace&, ssh::WireReader&, Reply&) { return Status::unsupported(); };
  }
}

}  // namespace

bool SftpServer::receive(ssh::Bytes packet) {
  ssh::WireReader reader(packet);
  const auto type = static_cast<Message>(reader.byte());
  if (type == Message::init) return on_init(reader);
  const std::uint32_t id = reader.u32();
  if (!initialised_ || !reader.ok()) return false;
  Reply reply(output_, id);
  const auto status = handler_of(type)(workspace_, reader, reply);
  if (!reply.sent()) reply.status(status);
  return true;
}

// Section 4: the version both speak is the lower one; ours is the lowest in use.
bool SftpServer::on_init(ssh::WireReader& reader) {
  (void)reader.u32();
  if (!reader.ok()) return false;
  initialised_ = true;
  // The version stands where other packets have the id.
  Reply(output_, protocol_version).packet(Message::version, [](ssh::WireWriter& writer) {
    for (const auto& extension : extensions()) writer.string(extension.name).string(extension.version);
  });
  return true;
}

std::string read_path(ssh::WireReader& reader) {
  const auto path = reader.text();
  if (!path.contains('\0')) return std::string(path);
  (void)reader.raw(reader.rest().size() + 1);  // fails
  return {};
}

}  // namespace fairlead::agent::sftp
