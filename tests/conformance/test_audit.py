# SPDX-License-Identifier: Apache-2.0
"""ssh-audit looks at the engine's server. At the daemon's it looks in the end-to-end tests."""
from conftest import PEERS
from ssh_audit import known_remarks, remarks


def test_the_defaults_have_the_known_remarks_only(serve):
    with serve() as server:
        assert remarks(PEERS, server.port) == known_remarks(ecdsa=(256, 384, 521))
