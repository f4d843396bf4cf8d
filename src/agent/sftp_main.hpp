// SPDX-License-Identifier: Apache-2.0
// The SFTP server as a program: blocking descriptors around SftpServer.
#pragma once

namespace fairlead::agent {

// Serves until `in` ends. The result is the exit status: 0 after an orderly end, 1 when the client does not
// speak SFTP or cannot be reached.
[[nodiscard]] int run_sftp_server(int in, int out);

}  // namespace fairlead::agent
