# SPDX-License-Identifier: Apache-2.0
"""New keys while data flow: by the client's limit and by ours, by bytes and by time."""
import re

import pytest

from clients import CLIENTS, OpenSsh, Session
from conftest import BIN, pattern, sha256
from matrix import Row
from servers import SERVERS, run

SIZE = 200_000_000
OPENSSH = [client for client in CLIENTS if isinstance(client, OpenSsh)]


def negotiable(server, cipher="aes128-gcm@openssh.com", mac=""):
    return Row("curve25519-sha256", "ssh-ed25519", cipher, mac, "ssh-ed25519")


def rekeys(server):
    return sum(line.startswith("rekeyed ") for line in server.log())


@pytest.mark.parametrize("client", OPENSSH, ids=lambda client: client.name)
def test_openssh_rekeys_every_64_kilobytes(client, serve, keys):
    ...
