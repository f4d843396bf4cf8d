# SPDX-License-Identifier: Apache-2.0
"""A login by paramiko, for tests that send what OpenSSH's client does not."""
import contextlib

import paramiko
from conftest import PASSWORD


@contextlib.contextmanager
def transport(daemon, login=True, user="alice"):
    with paramiko.Transport(("127.0.0.1", daemon.port)) as client:
        client.start_client(timeout=20)
        if login:
            client.auth_password(user, PASSWORD, fallback=False)
        yield client
