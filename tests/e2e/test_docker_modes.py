# SPDX-License-Identifier: Apache-2.0
"""Docker's modes beside `connection`: a box for each program."""
import itertools
import json
import signal
import subprocess

import pytest
from conftest import Daemon, run, wait_until

numbers = itertools.count()


@pytest.fixture
def make_daemon(work):
    made = []

    def make(mode, image="busybox", **settings):
        daemon = Daemon(work / f"mode-{next(numbers)}", "docker", image, docker__execution__mode=mode, **settings)
        made.append(daemon)
        return daemon

    yield make
    for daemon in made:
        assert daemon.stop() in (0, None)
        daemon.remove_boxes()


def start(daemon, *command):
    return subprocess.Popen(daemon.ssh_command(*command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def inspect(container):
    return json.loads(run("docker", "inspect", container).stdout)[0]


def volumes():
    return set(run("docker", "volume", "ls", "-q").stdout.decode().split())


@pytest.fixture(params=("socket", "attach"))
def session_daemon(make_daemon, request):
    return make_daemon("session", docker__execution__agentLink=request.param).start()


def test_a_program_has_a_box_of_its_own_that_goes_with_it(session_daemon):
    before = volumes()
    done = session_daemon.ssh("echo out; echo err >&2; exit 42")
    assert (done.stdout, done.stderr, done.returncode) == (b"out\n", b"err\n", 42)
    assert session_daemon.ssh("kill -TERM $$").returncode == 255, "a signal is no exit status"
    wait_until(lambda: not session_daemon.boxes(), 10, "nothing is left, not even a stopped container (W3.6)")
    assert volumes() == before


def test_two_sessions_of_a_connection_have_two_boxes(session_daemon, tmp_path):
    with session_daemon.master(tmp_path) as shared:
        assert not session_daemon.boxes(), "nothing runs before a program is asked for"
        first = start(session_daemon, shared, "hostname; cat")
        second = start(session_daemon, shared, "hostname; cat")
        names = {first.stdout.readline(), second.stdout.readline()}
        assert len(names) == 2
        assert len(session_daemon.boxes()) == 2
        second.stdin.close()
        assert second.wait(20) == 0
        wait_until(lambda: len(session_daemon.boxes()) == 1, 10, "the box went with its program, the other stays")
        first.stdin.write(b"still here\n")
        first.stdin.close()
        assert first.stdout.read() == b"still here\n" and first.wait(20) == 0
    wait_until(lambda: not session_daemon.boxes(), 10, "nothing is left")


def test_a_killed_client_takes_all_its_boxes_along(session_daemon, tmp_path):
    with session_daemon.master(tmp_path) as shared:
        programs = [start(session_daemon, shared, "echo up; exec sleep 1000") for _ in range(3)]
        for program in programs:
            assert program.stdout.readline() == b"up\n"
        assert len(session_daemon.boxes()) == 3
    wait_until(lambda: not session_daemon.boxes(), 10, "all boxes went with the connection")


def test_a_killed_daemon_leaves_no_box_of_a_session_after_the_next_start(make_daemon):
    daemon = make_daemon("session").start()
    program = start(daemon, "echo up; exec sleep 1000")
    assert program.stdout.readline() == b"up\n"
    daemon.process.send_signal(signal.SIGKILL)
    daemon.process.wait()
    program.wait(30)
    daemon.start()
    wait_until(lambda: not daemon.boxes(), 10, "the leftover is gone")


def test_a_box_that_cannot_be_made_is_told_when_its_session_is_opened(make_daemon):
    daemon = make_daemon("session", docker__execution__container={"image": "fairlead-test/busybox", "user": "no such user!"}).start()
    refused = daemon.ssh("true")
    assert refused.returncode == 255 and b"Your box could not be started" in refused.stderr, refused.stderr
    wait_until(lambda: not daemon.boxes(), 10, "nothing is left")


def test_a_missing_image_is_told_at_the_login(make_daemon):
    daemon = make_daemon("session", docker__execution__container={"image": "fairlead-test/busybox"})
    missing = {"docker": {"execution": {"container": {"image": "fairlead-test/missing"}, "imagePullPolicy": "Never"}}}
    daemon.users["lost"] = {"authorizedKeys": daemon.users["alice"]["authorizedKeys"], "config": missing}
    daemon.start()
    refused = daemon.ssh("true", user="lost")
    assert refused.returncode == 255 and b"image of your box is not available" in refused.stderr
