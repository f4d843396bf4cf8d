// SPDX-License-Identifier: Apache-2.0
// Blocks `kerberos` of `auth.password` and `auth.gssapi` (services.md section 3.1).
#include "config/sections.hpp"

namespace fairlead::config {

void describe(Visitor& section, Kerberos& kerberos, bool in_use) {
  section.field("keytab", kerberos.keytab);
  section.field("acceptor", kerberos.acceptor);
  if (section.field("enforceUsername", kerberos.enforce_username) && !kerberos.enforce_username)
    section.warning("enforceUsername", not_enforced);
  section.field("credentialCachePath", kerberos.credential_cache_path);
  section.field("configPath", kerberos.config_path);
  section.field("clockSkew", kerberos.clock_skew);
  if (in_use) check_file(section, "keytab", kerberos.keytab);
}

}  // namespace fairlead::config
