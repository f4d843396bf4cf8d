// SPDX-License-Identifier: Apache-2.0
// Making and showing a one-time code's secret.
#include "daemon/totp_secret.hpp"

#include "auth/qr_code.hpp"
#include "auth/totp.hpp"

#include <fmt/core.h>

#include <unistd.h>

namespace fairlead::daemon {

int run_totp_secret(const TotpSecretOptions& options) {
  using Hash = auth::Totp::Hash;
  const Hash hash = options.algorithm == "SHA512"   ? Hash::sha512
                    : options.algorithm == "SHA256" ? Hash::sha256
                                                    : Hash::sha1;
  const std::string uri = auth::Totp::generate(hash, options.digits).uri(options.issuer, options.user);
  fmt::print("{}\n", uri);
  if (::isatty(STDOUT_FILENO) == 0) return 0;
  if (const auto picture = auth::qr_code(uri)) fmt::print("{}", *picture);
  return 0;
}

}  // namespace fairlead::daemon
