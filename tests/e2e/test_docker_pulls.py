# SPDX-License-Identifier: Apache-2.0
"""An image that is not there: its pull is shown on terminals, shared by all who wait, and its failure is told."""
import itertools
import subprocess

import pexpect
import pytest
from conftest import ENGINE, IMAGES, Daemon, run, use_podman, wait_until
from registry import Registry

numbers = itertools.count()
IDLE = ["/bin/sh", "-c", "trap exit TERM INT; while :; do sleep 3600 & wait $!; done"]
MODES = {
    "connection": {},
    "session": {"docker__execution__mode": "session"},
    "persistent": {"docker__execution__mode": "persistent", "docker__execution__createMissingContainers": True},
    "agentless": {"docker__execution__disableAgent": True, "docker__execution__idleCommand": IDLE},
}
both_engines = pytest.mark.parametrize("host", ["docker", "podman"], indirect=True)


@pytest.fixture
def host(request):
    return request.getfixturevalue("podman") if getattr(request, "param", "docker") == "podman" else ENGINE


@pytest.fixture
def make_registry(host):
    made = []

    def make(**settings):
        made.append(Registry(IMAGES / "busybox.tar", **settings))
        return made[-1]

    yield make
    for registry in made:
        registry.stop()
        run("docker", "--host", host, "rmi", "-f", registry.image)


@pytest.fixture
def make_daemon(work, host):
    made = []

    def make(registry, **settings):
        daemon = Daemon(work / f"pulls-{next(numbers)}", "docker", **settings)
        if host != ENGINE:
            use_podman(daemon, host)
        daemon.set("docker.execution.container.image", registry.image)
        made.append(daemon)
        return daemon.start()

    yield make
    for daemon in made:
        assert daemon.process.poll() is None
        assert daemon.stop() == 0
        daemon.remove_boxes()


def start(daemon, *command, terminal=False):
    words = daemon.ssh_command(*command)
    return subprocess.Popen([words[0], *(["-tt"] if terminal else []), *words[1:]], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def pulled_halfway(registry):
    wait_until(lambda: sum(registry.asked.count(digest) for digest in list(registry.blobs)[1:]) == 2, 30, "layers are asked for")


@pytest.mark.parametrize("mode, host", [*((mode, "docker") for mode in MODES), ("connection", "podman")], indirect=["host"])
def test_a_terminal_shows_how_far_it_is(make_registry, make_daemon, mode):
    registry = make_registry()
    daemon = make_daemon(registry, **MODES[mode])
    # Without an agent the size comes a moment after the start (Engine API before 1.42).
    late = "until stty size | grep -q 77; do sleep 0.1; done 2>/dev/null; " if mode == "agentless" else ""
    words = daemon.ssh_command(late + "stty size; echo $LANG; exit 7")
    terminal = pexpect.spawn(words[0], ["-tt", "-oSetEnv=LANG=C.kept", *words[1:]], timeout=40, dimensions=(30, 77),
                             encoding="utf-8")
    terminal.expect(r"\rfairlead: getting the image of your box: \d+\.\d of \d+\.\d MB, \d+ %")
    registry.half.set()
    terminal.expect("30 77")
    terminal.expect("C.kept")
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert terminal.exitstatus == 7
    assert "getting" not in daemon.ssh("-tt", "true").stderr.decode(), "only who waits is told"


@both_engines
def test_everybody_who_waits_sees_the_one_pull_and_output_stays_clean(make_registry, make_daemon):
    registry = make_registry()
    daemon = make_daemon(registry)
    shown = [start(daemon, "echo here", terminal=True) for _ in range(3)]
    plain = start(daemon, "echo here")
    pulled_halfway(registry)
    for client in shown:
        assert client.stderr.read(len("\rfairlead: getting")) == b"\rfairlead: getting"
    registry.half.set()
    for client in shown:
        out, errors = client.communicate(timeout=60)
        assert (out, client.returncode) == (b"here\r\n", 0)
        assert errors.rstrip().endswith(b"closed.") or errors.endswith(b"\r"), errors
    out, errors = plain.communicate(timeout=60)
    assert (out, errors, plain.returncode) == (b"here\n", b"", 0), "nothing is said without a terminal"
    assert sorted(registry.asked) == sorted(registry.blobs), "each blob once"
    assert daemon.codes().count("DOCKER_PULL") == 1


@pytest.mark.parametrize("terminal, host", [(True, "docker"), (False, "docker"), (True, "podman")], indirect=["host"])
def test_a_pull_that_fails_half_way_is_told(make_registry, make_daemon, host, terminal):
    registry = make_registry()
    registry.broken = True
    daemon = make_daemon(registry)
    client = start(daemon, "echo here", terminal=terminal)
    pulled_halfway(registry)
    if terminal:
        assert client.stderr.read(10) == b"\rfairlead:"
    registry.half.set()
    out, errors = client.communicate(timeout=60)
    assert client.returncode not in (0, None) and out == b""
    assert b"fairlead: The image of your box is not available. Please tell the administrator." in errors
    reason = "filesystem layer verification failed" if host == ENGINE else "Digest did not match"
    assert reason in daemon.log_file.read_text(), "it is the operator's"
    assert not daemon.boxes()


@both_engines
def test_credentials_count_and_wrong_ones_are_told_at_once(make_registry, make_daemon):
    registry = make_registry(credentials=("bob", "secret"))
    registry.half.set()
    stranger = make_daemon(registry, docker__execution__auth={"username": "bob", "password": "guessed"})
    refused = stranger.ssh("-tt", "echo here")
    assert refused.returncode == 255 and refused.stdout == b""
    assert b"open failed: connect failed: The image of your box is not available." in refused.stderr, refused.stderr
    assert not registry.asked
    friend = make_daemon(registry, docker__execution__auth={"username": "bob", "password": "secret"})
    assert friend.ssh("echo here").stdout == b"here\n"
    assert "secret" not in friend.log_file.read_text()
