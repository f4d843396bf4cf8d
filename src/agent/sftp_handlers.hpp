// SPDX-License-Identifier: Apache-2.0
// The handlers of requests, for the tables in sftp_server.cpp and sftp_extensions.cpp.
#pragma once

#include "agent/sftp_server.hpp"

#include <span>
#include <string_view>

namespace fairlead::agent::sftp {

// sftp_files.cpp: requests about open files.
Status on_open(Workspace& workspace, ssh::WireReader& reader, Reply& reply);
Status on_close(Workspace& workspace, ssh::WireReader& reader, Reply& reply);
Status on_read(Workspace& workspace, ssh::WireReader& reader, Reply& reply);
Status on_write(Workspace& workspace, ssh::WireReader& reader, Reply& reply);
Status on_fstat(Workspace& workspace, ssh::WireReader& reader, Reply& reply);
Status on_fsetstat(Workspace& workspace, ssh::WireReader& reader, Reply& reply);
Status on_fsync(Workspace& workspace, ssh::WireReader& reader, Reply& reply);
Status on_copy_data(Workspace& workspace, ssh::WireReader& reader, Reply& reply);

// sftp_directories.cpp
Status on_opendir(Workspace& workspace, ssh::WireReader& reader, Reply& reply);
Status on_readdir(Workspace& workspace, ssh::WireReader& reader, Reply& reply);

// sftp_paths.cpp: requests about names.
Status on_lstat(Workspace& workspace, ssh::WireReader& reader, Reply& reply);
Status on_stat(Workspace& workspace, ssh::WireReader& reader, Reply& reply);
Status on_setstat(Workspace& workspace, ssh::WireReader& reader, Reply& reply);
Status on_lsetstat(Workspace& workspace, ssh::WireReader& reader, Reply& reply);
Status on_remove(Workspace& workspace, ssh::WireReader& reader, Reply& reply);
Status on_mkdir(Workspace& workspace, ssh::WireReader& reader, Reply& reply);
Status on_rmdir(Workspace& workspace, ssh::WireReader& reader, Reply& reply);
Status on_rename(Workspace& workspace, ssh::WireReader& reader, Reply& reply);
Status on_posix_rename(Workspace& workspace, ssh::WireReader& reader, Reply& reply);
Status on_hardlink(Workspace& workspace, ssh::WireReader& reader, Reply& reply);
Status on_symlink(Workspace& workspace, ssh::WireReader& reader, Reply& reply);
Status on_readlink(Workspace& workspace, ssh::WireReader& reader, Reply& reply);
Status on_realpath(Workspace& workspace, ssh::WireReader& reader, Reply& reply);
Status on_expand_path(Workspace& workspace, ssh::WireReader& reader, Reply& reply);

// sftp_extensions.cpp
struct Extension {
  std::string_view name, version;
  Handler handler;
};
[[nodiscard]] std::span<const Extension> extensions();
Status on_extended(Workspace& workspace, ssh::WireReader& reader, Reply& reply);

}  // namespace fairlead::agent::sftp
