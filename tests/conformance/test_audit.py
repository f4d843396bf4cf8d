# SPDX-License-Identifier: Apache-2.0
"""ssh-audit looks at the engine's server."""
from conftest import PEERS
from ssh_audit import known_remarks, remarks

CLEAN = {"kex": "mlkem768x25519-sha256,curve25519-sha256,curve25519-sha256@libssh.org",
         "macs": "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com", "host_keys": ["ssh-ed25519", "ssh-rsa"]}


def test_the_defaults_have_the_known_remarks_only(serve):
    with serve() as server:
        assert remarks(PEERS, server.port) == known_remarks(ecdsa=(256, 384, 521))


def test_the_documented_settings_have_none(serve):
    """docs/security.md gives these lists to whoever wants a clean report."""
    with serve(**CLEAN) as server:
        assert remarks(PEERS, server.port) == set()
