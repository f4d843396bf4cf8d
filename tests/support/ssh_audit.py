# SPDX-License-Identifier: Apache-2.0
"""ssh-audit's remarks on a server: what it calls a failure or a warning."""
import json
import os
import subprocess
import sys


def remarks(peers, port):
    """{(level, algorithm, text)}. The rate of connections is the daemon's business, not that of its algorithms."""
    done = subprocess.run([sys.executable, peers / "usr/bin/ssh-audit", "--json", "--skip-rate-test", "-p", str(port), "127.0.0.1"],
                          env=dict(os.environ, PYTHONPATH=str(peers / "usr/lib/python3/dist-packages")), capture_output=True,
                          timeout=120)
    report = json.loads(done.stdout)
    found = {(level, entry["algorithm"], text) for kind in ("kex", "key", "enc", "mac") for entry in report[kind]
             for level in ("fail", "warn") for text in entry["notes"].get(level, [])}
    # Its own verdict: 0 is clean, 2 has warnings, 3 has failures.
    levels = {level for level, _, _ in found}
    assert done.returncode == (3 if "fail" in levels else 2 if "warn" in levels else 0), done.stdout
    assert not report["cves"], report["cves"]
    return found


NSA_CURVE = "using elliptic curves that are suspected as being backdoored by the U.S. National Security Agency"


def known_remarks(ecdsa):
    """On our default lists, with host keys on these curves: docs/decisions.md says why they stay."""
    known = {("fail", f"ecdh-sha2-nistp{bits}", NSA_CURVE) for bits in (256, 384, 521)}
    known |= {("warn", f"hmac-sha2-{bits}", "using encrypt-and-MAC mode") for bits in (256, 512)}
    for bits in ecdsa:
        known |= {("fail", f"ecdsa-sha2-nistp{bits}", NSA_CURVE),
                  ("warn", f"ecdsa-sha2-nistp{bits}", "using weak random number generator could reveal the key")}
    return known
