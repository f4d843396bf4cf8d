# SPDX-License-Identifier: Apache-2.0
"""Nothing leaks: the daemon is killed at every call of the engine in the life of a box, the engine hangs or its disk is
full, and what the engine has ends as it began."""
import contextlib
import itertools
import os
import signal
import subprocess
import time

import pytest
from conftest import Daemon, engine_in, run, wait_until
from proxied import everything, journal, proxied, restart, start  # noqa: F401 (a fixture among them)


@pytest.fixture
def engine(quiet_engine):
    return quiet_engine


WALKS = {"socket": {"docker__execution__agentLink": "socket"},
         "attach": {"docker__execution__agentLink": "attach"},
         "agentless": {"docker__execution__disableAgent": True,
                       "docker__execution__idleCommand": ["/bin/sh", "-c", "sleep 1000"]}}


@pytest.mark.parametrize("kind", WALKS)
def test_a_daemon_killed_at_any_call_of_a_boxs_life_leaves_nothing(proxied, engine, kind):
    daemon, proxy = proxied(**WALKS[kind])
    daemon.start()
    killed_at = []
    # Of every call: when the engine has not heard of it yet, and when it has done it and nobody knows.
    for number, when in ((n, w) for n in itertools.count(1) for w in ("before", "after")):
        struck = []
        heard = itertools.count(1)

        def kill():
            struck.append(proxy.calls[-1])
            daemon.process.kill()
            daemon.process.wait()

        def strike(_, call):
            if "/containers/json" in call:  # no call of this life: the look for what an earlier death may have left
                return None
            return (when, kill) if next(heard) == number else None

        lives = daemon.codes().count("BACKEND_BOX_REMOVED")
        proxy.at(strike)
        done = daemon.ssh("true")
        wait_until(lambda: struck or daemon.codes().count("BACKEND_BOX_REMOVED") > lives, 20, "a life has passed")
        proxy.never()
        if not struck:
            break
        killed_at.append(f"{when} {struck[0]}")
        restart(daemon)
        # Tries to remove what could not be removed come after 1, 3, 7, 15 and 31 seconds.
        wait_until(lambda: not everything(engine), 40, f"nothing is left after a death {killed_at[-1]}")
        assert not daemon.mounts()
    words = " ".join(killed_at)
    assert "/create" in words and "/start" in words and "DELETE" in words, killed_at
    assert done.returncode == 0
    # Whose creation was asked for and not answered is looked for for a while: the engine may still make it.
    wait_until(lambda: not everything(engine) and not journal(daemon), 20, "nothing is left of a whole life")


# Less than a person waits, more than a busy machine needs.
TIMES = {"docker__timeouts": {"http": "2s", "containerStart": "3s", "containerStop": "2s"}}


@pytest.mark.parametrize("call", ("/create", "/start"))
def test_an_engine_that_hangs_at_the_launch_is_told_in_time_and_nothing_stays(proxied, engine, call):
    daemon, proxy = proxied(**TIMES)
    daemon.start()
    proxy.at(lambda number, made: ("before", proxy.hang) if made.endswith(call) else None)
    began = time.monotonic()
    refused = daemon.ssh("true")
    assert time.monotonic() - began < 10
    assert refused.returncode == 255 and b"engine" in refused.stderr.lower() or b"not available now" in refused.stderr, refused.stderr
    proxy.never()
    proxy.release()
    wait_until(lambda: not everything(engine) and not journal(daemon), 20, "what the engine has made of it goes")
    assert daemon.ssh("echo fine").stdout == b"fine\n"


def test_a_removal_at_which_the_engine_hangs_is_made_good(proxied, engine):
    daemon, proxy = proxied(**TIMES)
    daemon.start()
    proxy.at(lambda number, made: ("before", proxy.hang) if made.startswith("DELETE") else None)
    assert daemon.ssh("echo hi").stdout == b"hi\n"
    wait_until(lambda: "BACKEND_BOX_REMOVE_FAILED" in daemon.codes(), 15, "the log says so")
    proxy.never()
    proxy.release()
    wait_until(lambda: not everything(engine) and not journal(daemon), 20, "it is tried again")


def test_a_stopped_engine_is_told_and_its_box_goes_when_it_answers_again(proxied, engine):
    daemon, _ = proxied(**TIMES)
    daemon.start()
    client = start(daemon, "echo up; cat")
    assert client.stdout.readline() == b"up\n"
    engine.signal(signal.SIGSTOP)
    try:
        client.stdin.close()
        assert client.wait(20) == 0, "what runs needs no engine"
        refused = daemon.ssh("true")
        assert refused.returncode == 255 and b"open failed" in refused.stderr, refused.stderr
    finally:
        engine.signal(signal.SIGCONT)
    wait_until(lambda: not everything(engine) and not journal(daemon), 20, "nothing is left")


def test_an_engine_that_was_restarted_between_two_sessions_is_used_again(proxied, engine):
    daemon, _ = proxied()
    daemon.start()
    assert daemon.ssh("echo one").stdout == b"one\n"
    # An engine that ends in the middle of a removal may keep a container that it never can remove.
    wait_until(lambda: not everything(engine), 10, "the first box is gone")
    engine.control("restart")
    wait_until(lambda: daemon.ssh("echo two").stdout == b"two\n", 30, "logins work again")
    wait_until(lambda: not everything(engine), 10, "nothing is left")


def test_two_daemons_on_one_engine_leave_each_others_boxes_alone(proxied, engine):
    ours, _ = proxied()
    theirs, _ = proxied()
    # The same name, and another state directory: the hardest case.
    namesake, _ = proxied(instance=ours.instance)
    clients = []
    for daemon in (ours, theirs, namesake):
        clients.append(start(daemon.start(), "echo up; cat"))
        assert clients[-1].stdout.readline() == b"up\n"
    ours.process.kill()
    ours.process.wait()
    restart(ours)
    wait_until(lambda: len(engine.docker("ps", "-q").stdout.split()) == 2, 15, "the killed one's box goes")
    assert ours.stop() == 0
    assert len(engine.docker("ps", "-q").stdout.split()) == 2
    for client in clients[1:]:
        assert client.communicate(b"still here\n", timeout=20)[0] == b"still here\n"
        assert client.returncode == 0
    clients[0].wait(20)
    wait_until(lambda: not everything(engine), 15, "nothing is left")


def test_a_full_disk_of_the_engine_is_told(work):
    directory = work / "leaks-full"
    directory.mkdir()
    assert run("mount", "-t", "tmpfs", "-o", "size=96M", "none", directory).returncode == 0
    try:
        with engine_in(directory) as engine:
            daemon = Daemon(work / "leaks-full-daemon", "docker", "busybox", docker__connection={"host": engine.host}).start()
            assert daemon.ssh("echo fine").stdout == b"fine\n"
            with open(directory / "filler", "wb", buffering=0) as filler, contextlib.suppress(OSError):
                while filler.write(bytes(4096)):
                    pass
            refused = daemon.ssh("true")
            assert refused.returncode == 255 and b"The server's disk is full." in refused.stderr, refused.stderr
            os.unlink(directory / "filler")
            wait_until(lambda: daemon.ssh("echo fine").stdout == b"fine\n", 10, "room again")
            assert daemon.stop() == 0
            assert not everything(engine)
    finally:
        run("umount", "--lazy", directory)
