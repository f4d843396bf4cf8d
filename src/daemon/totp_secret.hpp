// SPDX-License-Identifier: Apache-2.0
// `fairlead totp-secret`: a new secret for the users file and for its user's authenticator application.
#pragma once

#include <string>

namespace fairlead::daemon {

struct TotpSecretOptions {
  std::string user, issuer = "Fairlead";  // what the application shows
  std::string algorithm = "SHA1";         // what every application knows; SHA256 and SHA512 not all do
  unsigned digits = 6;
};

// Prints the otpauth URI, and on a terminal its QR code. Returns the exit status.
int run_totp_secret(const TotpSecretOptions& options);

}  // namespace fairlead::daemon
