# SPDX-License-Identifier: Apache-2.0
"""How a login ends when somebody kills what it is made of: nothing stays, and its user is told."""
import random

from conftest import e2e, processes


def start_sleeper(backend):
    """A login of its own with a program that can be told from all others of this machine."""
    sleeper = f"sleep {random.randrange(10**7, 10**8)}"
    client = backend.login(f"echo up; exec {sleeper}")
    assert client.stdout.readline() == b"up\n"
    assert processes(sleeper.encode())
    return client, sleeper.encode()


def test_a_killed_client_takes_its_programs_and_its_box_along(backend):
    backend.hang_up()
    client, sleeper = start_sleeper(backend)
    assert len(backend.daemon.boxes()) == 1
    client.kill()
    client.wait()
    e2e.wait_until(lambda: not processes(sleeper), 10, "the program of a killed client is gone")
    if backend.kind.mode != "persistent":
        e2e.wait_until(lambda: not backend.daemon.boxes(), 5, "the box of a killed client is gone")


def test_a_box_that_is_killed_is_told(backend):
    backend.hang_up()
    client, _ = start_sleeper(backend)
    backend.kill_boxes()
    _, errors = client.communicate(timeout=30)
    if backend.can("a reason of its own"):
        assert client.returncode == 255 and b"fairlead: The box was" in errors, errors
    else:
        assert client.returncode == 137 or b"fairlead: The box ended" in errors, errors
    assert backend.ssh("echo fine").stdout == b"fine\n"


def test_a_user_who_kills_everything_hurts_nobody_else(backend):
    backend.hang_up()
    client = backend.login("kill -9 -1; kill -9 1; sleep 1; echo never")
    output, _ = client.communicate(timeout=60)
    assert b"never" not in output or client.returncode == 0
    assert backend.ssh("echo fine").stdout == b"fine\n"
