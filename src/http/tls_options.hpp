// SPDX-License-Identifier: Apache-2.0
// What the TLS of a client or a server is made from.
#pragma once

#include <string>
#include <vector>

namespace fairlead::http {

// PEM texts. Lists name what may be used, in order of preference; an empty list is OpenSSL's choice.
struct TlsOptions {
  // Client: who may vouch for the server, instead of the system's authorities. Server: who may vouch for
  // clients, which then must show a certificate.
  std::string ca{};
  std::string certificate{}, key{};
  std::string minimum_version = "1.2";  // or "1.3"
  std::vector<std::string> curves{};    // "x25519", "secp256r1", …
  // IANA's names. A list without suites of TLS 1.3 leaves those to OpenSSL (as Go does, which never restricts
  // them); one without suites of TLS 1.2 switches TLS 1.2 off.
  std::vector<std::string> ciphers{};
};

}  // namespace fairlead::http
