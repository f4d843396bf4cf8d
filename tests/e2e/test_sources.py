# SPDX-License-Identifier: Apache-2.0
"""What one source address may take before its logins: limits and penalties, seen by clients on other addresses."""
import contextlib
import os
import socket
import struct

import pytest
from conftest import PASSWORD, Daemon, own_daemons, run, wait_until

GUESSER, NEIGHBOUR = "127.0.0.66", "127.0.0.77"  # loopback is a /8: each may be somebody


@pytest.fixture
def strict(work):
    daemon = Daemon(work / f"sources-{next(own_daemons)}", "oci", "busybox")
    daemon.set("ssh.perSource.exempt", [])
    daemon.set("ssh.perSource.maxUnauthenticated", 3)
    daemon.set("ssh.perSource.penalties", {"noAttempt": "0s", "authFailed": "1m", "protocolError": "1m"})
    daemon.start()
    yield daemon
    assert daemon.stop() == 0


def login(daemon, source, password=PASSWORD):
    answer = daemon.directory / "askpass"
    answer.write_text(f"#!/bin/sh\necho '{password}'\n")
    answer.chmod(0o700)
    return run("ssh", "-F", "/dev/null", "-b", source, "-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1",
               "-o", f"UserKnownHostsFile={daemon.directory / 'known_hosts'}", "-p", daemon.port, "alice@127.0.0.1", "echo in",
               env=dict(os.environ, SSH_ASKPASS=str(answer), SSH_ASKPASS_REQUIRE="force"))


def greeting(daemon, source):
    """The first bytes a new connection gets: nothing when it is closed at once."""
    with socket.create_connection(("127.0.0.1", daemon.port), 10, (source, 0)) as client:
        with contextlib.suppress(ConnectionResetError):
            return client.recv(8)
        return b""


def reason_to_leave(daemon, source):
    """The code of the DISCONNECT that a new connection gets in the clear, and its text (RFC 4253 section 11.1)."""
    said = b""
    with socket.create_connection(("127.0.0.1", daemon.port), 10, (source, 0)) as client:
        while piece := client.recv(4096):
            said += piece
    line, packet = said.split(b"\r\n", 1)
    assert line == b"SSH-2.0-Fairlead" and packet[5] == 1
    reason, size = struct.unpack_from(">II", packet, 6)
    return reason, packet[14:14 + size]


def test_a_guesser_is_turned_away_and_its_neighbour_is_not(strict):
    assert login(strict, GUESSER, "wrong").returncode == 255
    wait_until(lambda: "SSH_SOURCE_PENALTY" in strict.codes(), 10, "the penalty is told")
    assert greeting(strict, GUESSER) == b""
    assert login(strict, GUESSER).returncode == 255, "also with the right password"
    assert login(strict, NEIGHBOUR).stdout == b"in\n"


def test_broken_protocol_costs_its_source(strict):
    with socket.create_connection(("127.0.0.1", strict.port), 10, (GUESSER, 0)) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            while client.recv(4096):
                pass
    wait_until(lambda: "SSH_SOURCE_PENALTY" in strict.codes(), 10, "the penalty is told")
    assert greeting(strict, GUESSER) == b""
    assert greeting(strict, NEIGHBOUR) == b"SSH-2.0-"


def test_one_source_holds_only_its_share_of_connections(strict):
    with contextlib.ExitStack() as held:
        for _ in range(3):
            client = held.enter_context(socket.create_connection(("127.0.0.1", strict.port), 10, (GUESSER, 0)))
            assert client.recv(8) == b"SSH-2.0-"
        assert reason_to_leave(strict, GUESSER) == (12, b"Too many connections, please try again later.")
        assert b"Too many connections" in login(strict, GUESSER).stderr
        for _ in range(50):  # a flood, of which only some are held until they have read it
            assert greeting(strict, GUESSER) == b"SSH-2.0-"
        assert login(strict, NEIGHBOUR).stdout == b"in\n"
    wait_until(lambda: login(strict, GUESSER).stdout == b"in\n", 10, "the places are free again")
