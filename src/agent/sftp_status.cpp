// SPDX-License-Identifier: Apache-2.0
// System errors to status codes.
#include "agent/sftp_protocol.hpp"

#include <cerrno>
#include <cstring>

namespace fairlead::agent::sftp {

Status Status::of_errno(int error) {
  switch (error) {
    case 0:
      return {};
    case ENOENT:
    case ENOTDIR:
    case EBADF:
    case ELOOP:
      return {StatusCode::no_such_file, "No such file"};
    case EPERM:
    case EACCES:
    case EFAULT:
      return {StatusCode::permission_denied, "Permission denied"};
    case ENAMETOOLONG:
    case EINVAL:
      return bad_message();
    case ENOSYS:
      return unsupported();
    default: {
      const char* text = ::strerrordesc_np(error);
      return failure(text == nullptr ? "Failure" : text);
    }
  }
}

Status Status::of_call(std::int64_t result) {
  return of_errno(result < 0 ? errno : 0);
}

}  // namespace fairlead::agent::sftp
