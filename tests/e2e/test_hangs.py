# SPDX-License-Identifier: Apache-2.0
"""An engine that does not answer one call: its login is told so within its timeout, the others go on, and nothing is left."""
import base64
import contextlib
import time

import paramiko
import pytest
from channel_requests import send_signal
from conftest import wait_until
from proxied import (AGENTLESS, ATTACH, PERSISTENT, SESSION, Gate, everything, journal, proxied, start)  # noqa: F401
from webhooks import Server

LATE = b"The container engine does not answer in time. Please try again later."
LOST = b"The connection to the box was lost."
FILES = {"files": {"/tmp/token": {"value": base64.b64encode(b"s3cret\n").decode(), "sensitive": True}}}
# More than a busy machine needs for the calls that do not hang.
TIMEOUT = 3
TIMES = {"docker__timeouts": {"http": f"{TIMEOUT}s", "containerStart": f"{TIMEOUT}s", "containerStop": "5s", "commandStart": f"{TIMEOUT}s"}}
# The calls that hang, each for a login of its own and all at the same time, and what its user is told.
KINDS = {"attach": (ATTACH, {"PUT /containers/*/archive": LATE, "POST /containers/*/attach": LATE}),
         "agentless": (AGENTLESS, {"PUT /containers/*/archive": LATE, "POST /containers/*/exec": LATE, "POST /exec/*/start": LATE,
                                   "GET /exec/*/json": LOST}),
         "session-agentless": ({**SESSION, **AGENTLESS}, {"PUT /containers/*/archive": LATE, "POST /containers/*/attach": LATE,
                                                          "POST /containers/*/start": LATE}),
         # Finding a box is done in turn: who comes to the others must have come there before.
         "persistent": ({**PERSISTENT, **ATTACH}, {"POST /containers/*/exec": LATE, "POST /exec/*/start": LATE,
                                                   "GET /containers/*/json": LATE})}


@pytest.fixture
def hooks():
    server = Server(lambda path, body: (200, FILES))
    yield server
    server.stop()


class Hanging:
    """A daemon with a login that runs, and one more at each of the calls that hang."""

    def __init__(self, daemon, proxy, calls):
        self.daemon = daemon.start()
        self.other = start(daemon, "echo up; cat")
        assert self.other.stdout.readline() == b"up\n", self.other.stderr.read()
        self.logins = []
        for call, sentence in calls.items():
            gate = Gate(proxy, call)
            began = time.monotonic()
            client = start(daemon, "echo began")
            wait_until(gate.reached.is_set, 10, f"a login has come to {call}")
            self.logins.append((call, sentence, gate, client, began))
        proxy.never()

    def check(self):
        for call, sentence, _, client, began in self.logins:
            out, errors = client.communicate(timeout=20)
            assert client.returncode == 255 and sentence in errors, (call, out, errors)
            assert time.monotonic() - began < 10 * TIMEOUT, call
        out, errors = self.other.communicate(b"goes on\n", timeout=20)
        assert out == b"goes on\n" and self.other.returncode == 0, errors
        for _, _, gate, _, _ in self.logins:
            gate.opened.set()


def test_a_call_that_hangs_ends_its_login_alone(proxied, quiet_engine, hooks):
    hanging = []
    for settings, calls in KINDS.values():
        daemon, proxy = proxied(configserver__url=hooks.url, **TIMES, **settings)
        hanging.append(Hanging(daemon, proxy, calls))
    for one in hanging:
        one.check()
    home = f"label=fairlead_instance={hanging[-1].daemon.instance}"
    wait_until(lambda: len(everything(quiet_engine)) == 2 and not any(journal(one.daemon) for one in hanging), 20,
               "a box that is to stay is left, with its volume")
    [box] = quiet_engine.docker("ps", "-q", "--filter", home).stdout.decode().split()
    for one in hanging:
        assert one.daemon.ssh("echo fine").stdout == b"fine\n"
    assert quiet_engine.docker("rm", "-f", "-v", box).returncode == 0
    wait_until(lambda: not everything(quiet_engine), 20, "nothing is left")


@contextlib.contextmanager
def session(daemon, command, terminal=False):
    """A channel of paramiko's, in which `command` has said that it is ready."""
    with paramiko.SSHClient() as client:
        client.load_host_keys(str(daemon.directory / "known_hosts"))
        client.connect("127.0.0.1", daemon.port, "alice", key_filename=str(daemon.key), allow_agent=False, look_for_keys=False)
        channel = client.get_transport().open_session()
        channel.settimeout(30)
        if terminal:
            channel.get_pty()
        channel.exec_command(command)
        yield channel


TRAP = "trap 'echo got {0}; exit 33' {0}; echo ready; while :; do sleep 0.1; done"
PLACES = {"exec": ({}, "POST /containers/*/exec", "POST /exec/*/resize"),
          "container": (SESSION, "POST /containers/*/kill", "POST /containers/*/resize")}


@pytest.mark.parametrize("place", PLACES)
def test_a_signal_and_a_size_that_hang_give_way_after_their_time(proxied, quiet_engine, place):
    settings, kill, resize = PLACES[place]
    daemon, proxy = proxied(**AGENTLESS, **settings, docker__timeouts={"signal": "1s", "window": "1s"})
    daemon.start()
    # A terminal's size, before its program is served: no reason to refuse the program.
    gate = Gate(proxy, resize)
    with session(daemon, TRAP.format("USR1"), terminal=True) as channel:
        assert channel.recv(100).strip() == b"ready"
        assert gate.reached.is_set()
        gates = [gate]
        for call in (resize, kill):
            gates.append(Gate(proxy, call))
            if call == resize:
                channel.resize_pty(100, 40)
            else:
                send_signal(channel, "TERM")
            wait_until(gates[-1].reached.is_set, 10, call)
        # What comes after them is served.
        proxy.never()
        send_signal(channel, "USR1")
        assert channel.makefile().read().strip().endswith(b"got USR1")
        assert channel.recv_exit_status() == 33
    assert [line["details"]["RequestType"] for line in daemon.log() if line["code"] == "DOCKER_REQUEST_FAILED"] == \
        ["window-change", "signal"]
    for gate in gates:
        gate.opened.set()
    wait_until(lambda: not everything(quiet_engine) and not journal(daemon), 20, "nothing is left")
