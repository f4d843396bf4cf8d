# SPDX-License-Identifier: Apache-2.0
"""Warm boxes: made before anybody logs in, claimed once, personal from then on, and never a dead one."""
import base64
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest
from conftest import podman_too, run, wait_until
from webhooks import Server

SIZE = 2
docker_only = pytest.mark.parametrize("own_daemon", ["docker"], indirect=True)
oci_only = pytest.mark.parametrize("own_daemon", ["oci"], indirect=True)


def entry(value):
    return {"value": value, "sensitive": False}


def lines_of(daemon, code):
    return [line["details"] for line in daemon.log() if line["code"] == code]


def claimed(daemon):
    return [line["box"] for line in lines_of(daemon, "BACKEND_BOX_CLAIMED")]


def ready(daemon):
    return [line["box"] for line in lines_of(daemon, "POOL_BOX_READY")]


def waiting(daemon, size=SIZE, seconds=60, without=()):
    """The boxes there are as soon as so many have said that they wait, and none but these is left; with nobody logged in."""
    def boxes():
        found = set(daemon.boxes())
        return found if len(found) == size and found <= set(ready(daemon)) - set(claimed(daemon)) - set(without) else None
    return wait_until(boxes, seconds, f"{size} boxes wait")


def end_box(daemon, box):
    """From outside, behind the daemon's back."""
    if daemon.backend == "docker":
        assert daemon.docker("rm", "-f", "-v", box).returncode == 0
        return
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if b"/.fairlead/agent\0serve" in (process / "cmdline").read_bytes() and box in (process / "cgroup").read_text():
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            continue


def held(daemon, count):
    """So many logins at once that stay until their input ends."""
    programs = [subprocess.Popen(daemon.ssh_command("echo up; cat"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE) for _ in range(count)]
    for program in programs:
        assert program.stdout.readline() == b"up\n", program.stderr.read()
    return programs


def release(programs):
    for program in programs:
        program.stdin.close()
    for program in programs:
        assert program.wait(60) == 0


@pytest.fixture
def pooled(own_daemon):
    def make(size=SIZE, **settings):
        daemon = own_daemon(**settings)
        daemon.set(f"{own_daemon.backend}.pool.size", size)
        return daemon
    make.backend = own_daemon.backend
    return make


@podman_too
def test_the_first_login_takes_a_box_that_waited_and_no_login_takes_it_again(pooled):
    daemon = pooled(size=1).start()
    first = waiting(daemon, 1)
    assert daemon.ssh("touch /tmp/mine; ls /tmp").stdout == b"mine\n"
    assert set(claimed(daemon)) == first
    second = waiting(daemon, 1)
    assert not second & first, "it went with its login"
    assert daemon.ssh("ls /tmp").stdout == b"", "nothing of the login before is there"
    assert set(claimed(daemon)) == first | second
    assert daemon.stop() == 0
    assert not daemon.boxes(), "the end of the daemon is the end of those that wait"


@pytest.mark.parametrize("own_daemon, link", [("oci", "socket"), ("docker", "socket"), ("docker", "attach"), ("podman", "attach")],
                         indirect=["own_daemon"])
def test_environment_files_and_user_are_the_logins(pooled, link):
    hooks = Server(lambda path, body: (200, {
        "environment": {"TEAM": entry("blue of " + body["username"])},
        "files": {"/tmp/who": entry(base64.b64encode(body["username"].encode()).decode())}}))
    try:
        daemon = pooled(configserver__url=hooks.url)
        daemon.users["bob"] = dict(daemon.users["alice"])
        daemon.users["alice"]["config"] = {"oci": {"user": "alice"}}  # which the boxes of both have in their images
        if pooled.backend == "docker":
            daemon.set("docker.execution.agentLink", link)
        daemon.start()
        for user in ("alice", "bob"):
            waiting(daemon)
            done = daemon.ssh("echo $(id -un), $TEAM, $(cat /tmp/who), $OWN, ${SSH_CLIENT%% *}", "-oSetEnv=OWN=mine", user=user)
            account = "alice" if (user, pooled.backend) == ("alice", "oci") else "root"
            assert done.stdout.decode() == f"{account}, blue of {user}, {user}, mine, 127.0.0.1\n", done.stderr
        assert len(claimed(daemon)) == 2
        # Without a terminal and with more than any buffer holds, there and back.
        assert daemon.ssh("cat", input=bytes(3_000_000)).stdout == bytes(3_000_000)
    finally:
        hooks.stop()


def test_whose_a_claimed_box_is_stands_in_the_journal(pooled):
    daemon = pooled(size=1).start()
    waiting(daemon, 1)
    programs = held(daemon, 1)
    journal = daemon.directory / "state" / "journal" / daemon.instance
    entries = [json.loads(path.read_text()) for path in journal.glob("*.json")]
    assert [item["ip"] for item in entries if item.get("user") == "alice"] == ["127.0.0.1"]
    if daemon.backend == "docker":
        [box] = claimed(daemon)
        labels = json.loads(daemon.docker("inspect", box).stdout)[0]["Config"]["Labels"]
        assert "fairlead_pool" in labels and "containerssh_username" not in labels
    release(programs)


@podman_too
def test_a_dead_box_is_never_handed_out(pooled):
    daemon = pooled().start()
    boxes = waiting(daemon)
    for box in boxes:
        end_box(daemon, box)
    assert daemon.ssh("echo fine").stdout == b"fine\n", "the user does not notice"
    assert not boxes & set(claimed(daemon))
    again = waiting(daemon, without=boxes)
    assert daemon.ssh("echo fine").stdout == b"fine\n"
    assert set(claimed(daemon)) & again


@docker_only
def test_a_box_that_does_not_answer_costs_a_moment_and_no_login(pooled):
    daemon = pooled(size=1).start()
    [frozen] = waiting(daemon, 1)
    assert daemon.docker("pause", frozen).returncode == 0
    assert daemon.ssh("echo fine").stdout == b"fine\n"
    assert frozen not in claimed(daemon)
    wait_until(lambda: frozen not in daemon.boxes(), 30, "it is removed")


@podman_too
def test_a_killed_daemon_leaves_nothing_but_the_next_ones_pool(pooled):
    daemon = pooled().start()
    before = waiting(daemon)
    programs = held(daemon, 1)
    daemon.process.send_signal(signal.SIGKILL)
    daemon.process.wait()
    for program in programs:
        program.wait(60)
    daemon.start()
    waiting(daemon, without=before)
    assert daemon.stop() == 0 and not daemon.boxes() and not daemon.mounts()


def test_a_daemon_killed_while_it_fills_leaves_nothing_either(pooled):
    daemon = pooled(size=6).start()
    wait_until(lambda: ready(daemon), 60, "the first box waits, others are being made")
    daemon.process.send_signal(signal.SIGKILL)
    daemon.process.wait()
    daemon.set(f"{daemon.backend}.pool.size", 0)
    daemon.start()
    wait_until(lambda: not daemon.boxes(), 20, "the leftovers are gone")


def test_a_daemon_stopped_while_it_fills_leaves_nothing_at_all(pooled):
    daemon = pooled(size=6).start()
    wait_until(lambda: ready(daemon), 60, "the first box waits, others are being made")
    assert daemon.stop() == 0
    assert not daemon.boxes() and not daemon.mounts()


def test_fifty_logins_at_once_take_fifty_boxes(pooled):
    daemon = pooled(size=50).start()
    waiting(daemon, 50, 300)
    programs = held(daemon, 50)
    taken = claimed(daemon)
    assert len(taken) == 50 and len(set(taken)) == 50
    release(programs)


@podman_too
def test_a_login_beyond_the_pool_starts_cold(pooled):
    daemon = pooled(size=1).start()
    waiting(daemon, 1)
    programs = held(daemon, 3)
    started = [line["box"] for line in lines_of(daemon, "BACKEND_BOX_STARTED")]
    assert len(set(started)) == 3 and 1 <= len(claimed(daemon)) < 3
    release(programs)


def test_a_configuration_from_the_webhook_gets_a_pool_with_its_first_login(pooled):
    own = {pooled.backend: {"limits": {"pids": 77}, "pool": {"size": 1, "maxIdle": "6s"}}}
    hooks = Server(lambda path, body: (200, {"config": own} if body["username"] == "bob" else {}))
    try:
        daemon = pooled(size=1, configserver__url=hooks.url)
        daemon.users["bob"] = daemon.users["alice"]
        daemon.start()
        files = waiting(daemon, 1)
        assert daemon.ssh("echo cold", user="bob").stdout == b"cold\n"
        assert not claimed(daemon), "the file's boxes have other limits"
        [bobs] = waiting(daemon, 2) - files
        assert daemon.ssh("echo warm", user="bob").stdout == b"warm\n"
        assert claimed(daemon) == [bobs]
        waiting(daemon, 2)
        assert waiting(daemon, 1) == files, "without a login for maxIdle it is given up, unlike the file's"
    finally:
        hooks.stop()


def test_boxes_are_replaced_before_they_are_too_old(pooled):
    daemon = pooled(size=1, **{f"{pooled.backend}__pool__maxAge": "4s"}).start()
    first = waiting(daemon, 1)
    wait_until(lambda: not first & set(daemon.boxes()), 20, "the old one goes")
    waiting(daemon, 1)


def test_reload_fills_the_new_pool_and_empties_the_old(pooled):
    daemon = pooled().start()
    before = waiting(daemon)
    daemon.set(f"{daemon.backend}.limits", {"pids": 99})
    daemon.set(f"{daemon.backend}.pool.size", 1)
    daemon.write()
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: not before & set(daemon.boxes()), 20, "those of the old file go")
    waiting(daemon, 1, without=before)
    daemon.set(f"{daemon.backend}.pool.size", 0)
    daemon.write()
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: not daemon.boxes(), 20, "no pool any more")
    assert daemon.ssh("echo fine").stdout == b"fine\n"


def test_two_daemons_have_two_pools(pooled):
    first, second = pooled().start(), pooled().start()
    ours, theirs = waiting(first), waiting(second)
    assert not ours & theirs
    assert first.stop() == 0
    assert set(second.boxes()) == theirs
    assert second.ssh("echo fine").stdout == b"fine\n" and set(claimed(second)) <= theirs


@oci_only
def test_an_image_that_was_replaced_is_the_next_logins(pooled):
    daemon = pooled()
    image = daemon.directory / "image.tar"
    shutil.copy(daemon.config["oci"]["image"], image)
    daemon.set("oci.image", str(image))
    daemon.start()
    before = waiting(daemon)
    (daemon.directory / "new").write_text("new\n")
    assert run("tar", "-C", daemon.directory, "-rf", image, "new").returncode == 0
    assert daemon.ssh("cat /new").stdout == b"new\n"
    assert not before & set(claimed(daemon))


@docker_only
def test_sessions_with_boxes_of_their_own_take_them_from_the_pool(pooled, tmp_path):
    daemon = pooled(docker__execution__mode="session").start()
    boxes = waiting(daemon)
    with daemon.master(tmp_path) as shared:
        names = {daemon.ssh(shared, "hostname").stdout.decode().strip() for _ in range(2)}
    assert names == boxes == set(claimed(daemon))
    waiting(daemon)


@docker_only
def test_a_warm_login_needs_nothing_of_the_engine(own_daemon, own_engine):
    for mode in ("connection", "session"):
        daemon = own_daemon(docker__pool__size=1, docker__connection__host=own_engine.host, docker__execution__mode=mode).start()
        waiting(daemon, 1)
        own_engine.signal(signal.SIGSTOP)
        try:
            program = held(daemon, 1)
            assert len(claimed(daemon)) == 1
        finally:
            own_engine.signal(signal.SIGCONT)
        release(program)
        waiting(daemon, 1)
        assert daemon.stop() == 0 and not daemon.boxes()


@docker_only
def test_an_engine_that_fails_is_asked_with_growing_pauses(own_daemon):
    daemon = own_daemon(docker__pool__size=4, docker__execution__container={"image": "fairlead-test/busybox", "user": "no such user!"})
    daemon.start()
    wait_until(lambda: lines_of(daemon, "POOL_REFILL_FAILED"), 20, "the failure is told")
    began = time.monotonic()
    wait_until(lambda: max(line["pauseSeconds"] for line in lines_of(daemon, "POOL_REFILL_FAILED")) >= 4, 30, "pauses grow")
    assert time.monotonic() - began >= 2.5
    assert not [line for line in lines_of(daemon, "POOL_BOX_READY")]
    refused = daemon.ssh("true")
    assert b"Your box could not be started" in refused.stderr
    assert daemon.stop() == 0 and not daemon.boxes()
