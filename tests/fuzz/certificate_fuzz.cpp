// SPDX-License-Identifier: Apache-2.0
// Certificates: raw ones, and (odd first byte) whatever a CA would sign, so that the fields behind the
// signature are reached too. What is read comes back as itself, and is only granted what it says.
#include "base/wire.hpp"
#include "crypto/hash.hpp"
#include "fuzz/fuzz_input.hpp"

#include <fairlead/ssh/certificate.hpp>

#include <algorithm>

using namespace fairlead::ssh;
using fuzz::require;

namespace {

const PrivateKey& authority() {
  static const PrivateKey key = PrivateKey::generate(PrivateKey::Type::ed25519).value();
  return key;
}

// `fields` is everything up to the CA's key.
Result<Certificate> signed_certificate(Bytes fields) {
  ByteBuffer body, whole;
  WireWriter(body).raw(fields).string(authority().public_key().blob());
  const auto signature = authority().sign("ssh-ed25519", body.readable()).value();
  WireWriter(whole).raw(body.readable()).string(signature);
  return Certificate::from_blob(whole.readable());
}

bool says(const std::vector<CertificateOption>& options, std::string_view name) {
  return std::ranges::find(options, name, &CertificateOption::name) != options.end();
}

void check(const Certificate& certificate) {
  const auto again =
      Certificate::from_text(std::string(certificate.type()) + " " + base64(certificate.blob()));
  require(again && *again == certificate && again->key() == certificate.key());
  require(!certificate.algorithms().empty());
  require(!PublicKey::from_blob(certificate.blob()));
  for (const auto algorithm : certificate.algorithms()) {
    const auto names = certificate.key().algorithms();
    require(std::ranges::find(names, plain_algorithm(algorithm)) != names.end());
  }
  const std::chrono::sys_seconds now(std::chrono::seconds(certificate.valid_after() & 0xffffffffff));
  for (const char* address : {"10.1.2.3", "2001:db8::1", "nowhere"}) {
    const auto grant = check_user_certificate(certificate, now, address);
    if (!grant) continue;
    require(certificate.role() == Certificate::Role::user && !certificate.principals().empty());
    require(grant->forced_command.has_value() == says(certificate.critical_options(), "force-command"));
    require(!grant->pty || says(certificate.extensions(), "permit-pty"));
    require(!says(certificate.critical_options(), "source-address") || address[0] != 'n');
  }
  if (check_host_certificate(certificate, now, "host.example.com"))
    require(certificate.role() == Certificate::Role::host);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::FuzzInput input(data, size);
  const bool is_signed = (input.byte() & 1) != 0;
  const auto certificate =
      is_signed ? signed_certificate(input.rest()) : Certificate::from_blob(input.rest());
  if (certificate) check(*certificate);
  (void)Certificate::from_text(as_text(input.rest()));
  return 0;
}
