# SPDX-License-Identifier: Apache-2.0
"""How a program ended, as other people's clients are told, and logins that must fail."""
import asyncio

import asyncssh
import paramiko
import pytest

from clients import CLIENTS, Curl, OpenSsh, Paramiko, Session
from conftest import PASSWORD
from matrix import Row

ROW = Row("curve25519-sha256", "ssh-ed25519", "aes256-ctr", "hmac-sha2-256", "ssh-ed25519")
ROW_FOR = {"paramiko": ROW._replace(kex="curve25519-sha256@libssh.org")}
TALKERS = [client for client in CLIENTS if not isinstance(client, Curl)]
by_name = {"ids": lambda client: client.name}


@pytest.fixture(scope="module")
def server(serve):
    with serve(host_keys=["ssh-ed25519"]) as server:
        yield server


def session(client, server, keys, command, **changes):
    return Session(ROW_FOR.get(client.name, ROW)._replace(**changes), server.port, keys, command, b"")


@pytest.mark.parametrize("client", TALKERS, **by_name)
def test_status(client, server, keys):
    for status in (0, 1, 254):
        assert client.run(session(client, server, keys, f"exit {status}")).status == status
    unknown = client.run(session(client, server, keys, "no-such-thing"))
    assert unknown.status == 127 and b"no such command\n" in unknown.errors


@pytest.mark.parametrize("client", [client for client in CLIENTS if isinstance(client, OpenSsh)], **by_name)
def test_openssh_is_told_of_a_signal(client, server, keys):
    done = client.run(session(client, server, keys, "signal TERM"), "-v")
    assert done.status == 255 and b"exit-signal" in done.errors


def test_asyncssh_is_told_of_a_signal(server, keys):
    async def talk():
        async with asyncssh.connect("127.0.0.1", server.port, username="alice", password=PASSWORD, known_hosts=None, config=None,
                                    client_keys=None, agent_path=None) as connection:
            return await connection.run("signal TERM")

    done = asyncio.run(asyncio.wait_for(talk(), 30))
    assert done.exit_signal == ("TERM", False, "as asked", "")


@pytest.mark.parametrize("client", TALKERS, **by_name)
def test_a_key_that_nobody_knows_is_refused(client, serve, keys):
    others = keys.directory / "others"
    others.write_text(keys.public("user", "ssh-rsa"))
    with serve(host_keys=["ssh-ed25519"], authorized=others) as server:
        if isinstance(client, Paramiko):
            with pytest.raises(paramiko.AuthenticationException):
                client.run(session(client, server, keys, "exit 0"))
        elif client.name == "asyncssh":
            with pytest.raises(asyncssh.PermissionDenied):
                client.run(session(client, server, keys, "exit 0"))
        else:
            done = client.run(session(client, server, keys, "stream 5"))
            assert not done.output and done.errors, done
        assert not any(line.startswith("login ") for line in server.log())
