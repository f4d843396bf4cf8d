# SPDX-License-Identifier: Apache-2.0
"""Boxes, engines and disks that go away under running sessions, in every mode: the user is told, and nothing is left."""
import base64
import contextlib

import pytest
from conftest import run, wait_until
from guest import import_guest
from proxied import AGENTLESS, ATTACH, PERSISTENT, SESSION, everything, journal, proxied, start  # noqa: F401
from webhooks import Server

GUEST = "fairlead-test/lost-guest"
# Where it is the box itself, an engine that ends asks it to end first.
PROGRAM = "trap 'exit 137' TERM; echo up; while :; do sleep 0.2; done"
KINDS = {"socket": {}, "attach": ATTACH, "agentless": AGENTLESS,
         "image": {"docker__execution__agentLink": "image", "docker__execution__shellCommand": ["/bin/sh"]},
         "session": {**SESSION, **ATTACH}, "session-agentless": {**SESSION, **AGENTLESS},
         "persistent": {**PERSISTENT, **ATTACH}, "persistent-agentless": {**PERSISTENT, **AGENTLESS}}


@pytest.fixture
def running(proxied, quiet_engine, work):
    """Daemons by kind, each with a program that runs."""
    import_guest(quiet_engine.host, work / "lost-guest.tar", GUEST)

    def make(kinds):
        made = {}
        for kind in kinds:
            daemon, proxy = proxied(**KINDS[kind])
            if kind == "image":
                daemon.set("docker.execution.container.image", GUEST)
            client = start(daemon.start(), PROGRAM)
            assert client.stdout.readline() == b"up\n", (kind, client.stderr.read())
            made[kind] = daemon, client
        return made

    yield make
    quiet_engine.docker("rmi", "-f", GUEST)


@pytest.fixture
def hooks():
    file = {"value": base64.b64encode(b"s3cret\n").decode(), "sensitive": True}
    server = Server(lambda path, body: (200, {"files": {"/etc/token": file, "/tmp/token": file}}))
    yield server
    server.stop()


def box_of(daemon, engine):
    [box] = engine.docker("ps", "-aq", "--filter", f"label=fairlead_instance={daemon.instance}").stdout.decode().split()
    return box


def told(client, kind, reasons):
    """Why there is no exit status; or where an engine keeps it, the one of a killed program."""
    _, errors = client.communicate(timeout=30)
    killed = client.returncode == 137 and kind in ("agentless", "image", "session-agentless", "persistent-agentless")
    return killed or (client.returncode == 255 and any(reason in errors for reason in reasons)), errors


def test_a_box_that_is_removed_under_its_program_is_told_in_every_mode(running, quiet_engine):
    daemons = running(KINDS)
    assert quiet_engine.docker("rm", "-f", "-v", *(box_of(daemon, quiet_engine) for daemon, _ in daemons.values())).returncode == 0
    for kind, (_, client) in daemons.items():
        good, errors = told(client, kind, [b"fairlead: The box was removed.", b"fairlead: The box was killed."])
        assert good, (kind, client.returncode, errors)
    wait_until(lambda: not everything(quiet_engine) and not any(journal(daemon) for daemon, _ in daemons.values()), 20,
               "nothing is left")


def test_an_engine_that_is_restarted_under_running_programs_is_told_in_every_mode(running, quiet_engine):
    daemons = running(("attach", "agentless", "session-agentless", "persistent"))
    stays = daemons["persistent"][0]
    home = box_of(stays, quiet_engine)
    quiet_engine.control("restart")
    for kind, (_, client) in daemons.items():
        # An engine ends its containers before it ends itself: who waits for one may hear of either.
        good, errors = told(client, kind, [b"fairlead: The box ", b"fairlead: The container engine has stopped, and the box with it."])
        assert good, (kind, client.returncode, errors)
    wait_until(lambda: stays.ssh("echo again").stdout == b"again\n", 30, "logins work again")
    assert box_of(stays, quiet_engine) == home, "the box that stays is found again"
    assert quiet_engine.docker("rm", "-f", "-v", home).returncode == 0
    wait_until(lambda: not quiet_engine.docker("ps", "-aq").stdout and not any(journal(daemon) for daemon, _ in daemons.values()),
               40, "nothing is left")
    # An engine that ends while it removes a container says that it has, with its book of volumes closed already ("database not
    # open"). What it keeps then is in nobody's name.
    for volume in everything(quiet_engine):
        assert quiet_engine.docker("volume", "rm", volume).returncode == 0


@contextlib.contextmanager
def small_state(daemon):
    """The daemon's state directory on a disk of its own."""
    state = daemon.directory / "state"
    state.mkdir()
    assert run("mount", "-t", "tmpfs", "-o", "size=8M", "none", state).returncode == 0
    try:
        yield state
    finally:
        daemon.stop()
        run("umount", "--lazy", state)


def fill(file):
    with open(file, "wb", buffering=0) as filler, contextlib.suppress(OSError):
        while filler.write(bytes(4096)):
            pass


NOT_NOW = b"The server cannot start a box now. Please tell the administrator."


@pytest.mark.parametrize("kind", ("socket", "session", "agentless"))
def test_a_full_state_directory_refuses_before_anything_is_made(proxied, quiet_engine, kind):
    daemon, proxy = proxied(**KINDS[kind])
    with small_state(daemon) as state:
        client = start(daemon.start(), "echo up; cat")
        assert client.stdout.readline() == b"up\n"
        fill(state / "filler")
        proxy.never()  # forgets the calls until now
        refused = daemon.ssh("true")
        assert refused.returncode == 255 and NOT_NOW in refused.stderr, refused.stderr
        assert not [call for call in proxy.calls if not call.startswith("GET")], "the engine was asked for nothing"
        # What runs goes on, and its end leaves nothing, on a disk that is still full.
        assert client.communicate(b"goes on\n", timeout=20)[0] == b"goes on\n" and client.returncode == 0
        wait_until(lambda: not everything(quiet_engine) and not journal(daemon), 20, "nothing is left")
        (state / "filler").unlink()
        assert daemon.ssh("echo fine").stdout == b"fine\n"
        wait_until(lambda: not everything(quiet_engine) and not journal(daemon), 20, "nothing is left then, either")


@pytest.mark.parametrize("read_only", (True, False))
@pytest.mark.parametrize("kind", ("agentless", "session-agentless"))
def test_files_that_cannot_go_in_without_an_agent_are_left_out_with_a_warning(proxied, quiet_engine, hooks, kind, read_only):
    # /tmp is written to by programs, but not by the engine: what it puts there lies below.
    daemon, _ = proxied(configserver__url=hooks.url, **KINDS[kind],
                        docker__execution__host={"readonlyRootfs": read_only, "tmpfs": {"/tmp": ""}})
    daemon.start()
    done = daemon.ssh("cat /etc/token /tmp/token; echo in")
    assert done.stdout == (b"in\n" if read_only else b"s3cret\nin\n"), "the user gets in all the same"
    warnings = [line for line in daemon.log() if line["code"] == "DOCKER_FILE_WRITE_FAILED"]
    reasons = {line["details"]["path"]: line["details"]["reason"] for line in reversed(warnings)}
    assert "memory is mounted over it" in reasons.pop("/tmp/token") and {line["level"] for line in warnings} == {"warning"}
    assert not read_only and not reasons or "read-only" in reasons["/etc/token"], reasons
    wait_until(lambda: not everything(quiet_engine) and not journal(daemon), 20, "nothing is left")
