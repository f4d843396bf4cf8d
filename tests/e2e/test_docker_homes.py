# SPDX-License-Identifier: Apache-2.0
"""Docker's mode `persistent`: boxes that stay, one for each user."""
import base64
import itertools
import json
import os
import signal
import stat
import subprocess
import time

import pytest
from conftest import Daemon, run, wait_until
from webhooks import Server

numbers = itertools.count()


@pytest.fixture
def make_daemon(work):
    made = []

    def make(create=True, idle="0s", **settings):
        daemon = Daemon(work / f"home-{next(numbers)}", "docker", "busybox", docker__execution__mode="persistent",
                        docker__execution__createMissingContainers=create, docker__execution__stopAfterIdle=idle,
                        **settings)
        for name in ("bob", "o_neil"):
            daemon.users[name] = {"authorizedKeys": daemon.users["alice"]["authorizedKeys"]}
        made.append(daemon)
        return daemon

    yield make
    for daemon in made:
        assert daemon.stop() in (0, None)
        daemon.remove_boxes()


@pytest.fixture(params=("socket", "attach"))
def link(request):
    return request.param


def start(daemon, *command, user="alice"):
    return subprocess.Popen(daemon.ssh_command(*command, user=user), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


def inspect(container):
    return json.loads(run("docker", "inspect", container).stdout)[0]


def running(daemon):
    return [box for box in daemon.boxes() if inspect(box)["State"]["Running"]]


def test_files_stay_from_login_to_login_and_users_are_apart(make_daemon, link):
    daemon = make_daemon(docker__execution__agentLink=link).start()
    first = daemon.ssh("echo kept > /tmp/file; hostname; exit 7")
    assert first.returncode == 7, first.stderr
    again = daemon.ssh("cat /tmp/file; hostname")
    assert again.stdout == b"kept\n" + first.stdout
    others = daemon.ssh("cat /tmp/file; hostname", user="bob")
    assert first.stdout not in others.stdout and b"kept" not in others.stdout
    assert daemon.ssh("echo fine", user="o_neil").stdout == b"fine\n"
    names = sorted(inspect(box)["Name"] for box in daemon.boxes())
    assert len(names) == 3 and any(name.endswith("-o_5fneil") for name in names), names


def test_many_logins_at_once_share_one_box(make_daemon, link):
    daemon = make_daemon(docker__execution__agentLink=link).start()
    clients = [start(daemon, "hostname; cat") for _ in range(6)]
    names = {client.stdout.readline() for client in clients}
    assert len(names) == 1 and len(daemon.boxes()) == 1, "nobody's box is made twice"
    clients[0].kill()
    clients[0].wait()
    clients[1].stdin.write(b"alive\n")
    clients[1].stdin.close()
    assert clients[1].stdout.read() == b"alive\n" and clients[1].wait(20) == 0
    for client in clients[2:]:
        client.stdin.close()
        assert client.wait(20) == 0


def test_what_a_login_started_ends_with_it(make_daemon, link):
    daemon = make_daemon(docker__execution__agentLink=link).start()
    client = start(daemon, "echo up; exec sleep 1234")
    assert client.stdout.readline() == b"up\n"
    client.kill()
    client.wait()
    top = lambda: run("docker", "top", *daemon.boxes()).stdout.decode()  # empty when a process ends under it

    def only_the_agent():
        processes = top()
        return "agent idle" in processes and not any(gone in processes for gone in ("sleep 1234", "agent serve", "defunct"))

    wait_until(only_the_agent, 10, "program and agent are gone")


def test_an_idle_box_is_stopped_and_started_again_with_its_files(make_daemon):
    daemon = make_daemon(idle="1s").start()
    client = start(daemon, "echo kept > /kept; echo up; cat")
    assert client.stdout.readline() == b"up\n"
    time.sleep(1.5)  # longer than the idle time: a box with somebody in it is not idle
    assert len(running(daemon)) == 1
    client.stdin.close()
    assert client.wait(20) == 0
    wait_until(lambda: daemon.boxes() and not running(daemon), 20, "the idle box was stopped")
    assert daemon.ssh("cat /kept").stdout == b"kept\n"
    # A login that comes while the box is being stopped.
    for _ in range(3):
        wait_until(lambda: "DOCKER_CONTAINER_STOP" in daemon.codes() and not running(daemon), 20, "stopped again")
        assert daemon.ssh("echo here").stdout == b"here\n"


def test_boxes_outlive_the_daemon_and_idle_ones_are_stopped_after_its_start(make_daemon):
    daemon = make_daemon(idle="2s").start()
    assert daemon.ssh("echo kept > /kept").returncode == 0
    box, = daemon.boxes()
    assert daemon.stop() == 0
    assert daemon.boxes() == [box], "an end of the daemon is no end of the box"
    client = None
    daemon.start()
    client = start(daemon, "cat /kept; exec sleep 1000")
    assert client.stdout.readline() == b"kept\n"
    daemon.process.send_signal(signal.SIGKILL)
    daemon.process.wait()
    client.wait(30)
    assert len(running(daemon)) == 1
    daemon.start()
    assert daemon.boxes() == [box], "nor is a crash"
    wait_until(lambda: not running(daemon), 20, "nobody is in: it was stopped")
    assert daemon.ssh("cat /kept").stdout == b"kept\n"


def test_a_read_only_box_is_entered_after_a_restart_too(make_daemon, link):
    daemon = make_daemon(docker__execution__agentLink=link, docker__execution__host={"readonlyRootfs": True}).start()
    assert daemon.ssh("echo in").stdout == b"in\n"
    assert daemon.stop() == 0
    daemon.start()
    again = daemon.ssh("echo again; touch /file")
    assert again.stdout == b"again\n" and b"Read-only" in again.stderr, again


def test_a_box_that_somebody_has_renamed_is_found_by_its_labels(make_daemon):
    daemon = make_daemon(idle="1s").start()
    assert daemon.ssh("echo kept > /kept").returncode == 0
    [box] = daemon.boxes()
    assert run("docker", "rename", box, f"{daemon.instance}-renamed").returncode == 0
    assert daemon.ssh("cat /kept").stdout == b"kept\n"
    assert daemon.ssh("true", user="bob").returncode == 0
    assert len(daemon.boxes()) == 2, "the label is one user's"
    # A daemon that begins finds it running under its new name: who logs in then is in it all the same.
    daemon.process.kill()
    daemon.process.wait()
    assert run("docker", "start", *daemon.boxes()).returncode == 0
    daemon.start()
    client = start(daemon, "cat /kept; exec sleep 1000")
    assert client.stdout.readline() == b"kept\n"
    wait_until(lambda: len(running(daemon)) < 2, 20, "the box that nobody is in was stopped")
    assert client.poll() is None and inspect(box)["State"]["Running"], "and no other"
    client.kill()
    client.wait()


def test_sockets_of_a_killed_daemon_do_not_stay_in_the_homes(make_daemon):
    daemon = make_daemon(docker__execution__agentLink="socket").start()
    assert daemon.ssh("true").returncode == 0
    daemon.process.kill()
    daemon.process.wait()
    [home] = (daemon.directory / "state" / "docker" / daemon.instance / "homes").iterdir()
    os.mknod(home / "link-0123456789abcdef", stat.S_IFSOCK | 0o666)
    daemon.start()
    assert [file.name for file in home.iterdir()] == ["agent"]
    assert daemon.ssh("echo fine").stdout == b"fine\n"


def test_a_users_link_leads_no_file_of_a_login_astray(make_daemon):
    # TC-7: without our agent the engine would unpack it as root, wherever links lead.
    idle = ["/bin/sh", "-c", "trap exit TERM INT; while :; do sleep 3600 & wait $!; done"]
    hooks = Server()
    daemon = make_daemon(docker__execution__disableAgent=True, docker__execution__idleCommand=idle)
    daemon.config["docker"]["execution"]["container"]["user"] = "1000"
    daemon.set("configserver.url", hooks.url)
    files = {name: {"value": base64.b64encode(b"theirs").decode()} for name in ("/tmp/link/token", "/tmp/mine/token", "/tmp/here")}
    try:
        hooks.answer = lambda path, body: (200, {})
        daemon.start()
        assert daemon.ssh("ln -s /roots /tmp/link; ln -s /etc/passwd /tmp/here").returncode == 0
        assert run("docker", "exec", "-u", "0", *daemon.boxes(), "mkdir", "-m", "755", "/roots").returncode == 0
        hooks.answer = lambda path, body: (200, {"files": files})
        done = daemon.ssh("cat /tmp/mine/token /tmp/here; ls /roots; grep theirs /etc/passwd; stat -c %u:%a /tmp/mine/token")
        assert done.stdout == b"theirstheirs1000:600\n", done
        failed, = (line for line in daemon.log() if line["code"] == "DOCKER_FILE_WRITE_FAILED")
        assert failed["details"]["path"] == "/tmp/link/token"
    finally:
        hooks.stop()


def test_a_missing_box_is_refused_unless_it_may_be_made(make_daemon):
    daemon = make_daemon(create=False).start()
    refused = daemon.ssh("true")
    assert refused.returncode == 255 and b"There is no box for you" in refused.stderr, refused.stderr
    assert not daemon.boxes()


def test_a_box_that_the_operator_made_is_used_and_left_alone(make_daemon):
    daemon = make_daemon(create=False, idle="1s", docker__execution__containerName="operators-{username}")
    daemon.set("docker.execution.containerName", f"{daemon.instance}-{{username}}")
    name = f"{daemon.instance}-alice"
    made = run("docker", "create", "--name", name, "fairlead-test/busybox", "sleep", "600").stdout.decode().strip()
    try:
        daemon.start()
        assert daemon.ssh("cat /proc/1/cmdline").stdout.startswith(b"sleep"), "it was started, and runs what it ran"
        time.sleep(2)  # longer than the idle time
        assert inspect(made)["State"]["Running"], "whose it is stops it"
        refused = daemon.ssh("true", user="bob")
        assert refused.returncode == 255 and b"There is no box for you" in refused.stderr
    finally:
        run("docker", "rm", "-f", made)


def test_another_fairleads_box_is_not_touched(make_daemon):
    first = make_daemon().start()
    first.set("docker.execution.containerName", f"{first.instance}-{{username}}")
    first.stop()
    first.start()
    assert first.ssh("echo mine").stdout == b"mine\n"
    second = make_daemon(docker__execution__containerName=f"{first.instance}-{{username}}").start()
    refused = second.ssh("true")
    assert refused.returncode == 255 and b"cannot be used" in refused.stderr, refused.stderr
    assert second.stop() == 0
    assert first.ssh("echo mine").stdout == b"mine\n" and len(running(first)) == 1


def test_the_beginning_of_an_id_is_nobodys_name(make_daemon):
    daemon = make_daemon(create=False, docker__execution__containerName="{username}")
    other = run("docker", "create", "fairlead-test/busybox", "sleep", "600").stdout.decode().strip()
    thief = other[:12]
    daemon.users[thief] = {"authorizedKeys": daemon.users["alice"]["authorizedKeys"]}
    try:
        daemon.start()
        refused = daemon.ssh("true", user=thief)
        assert refused.returncode == 255 and b"There is no box for you" in refused.stderr
        assert not inspect(other)["State"]["Running"]
    finally:
        run("docker", "rm", "-f", other)


def test_a_box_that_was_removed_is_told_and_made_anew(make_daemon, link):
    daemon = make_daemon(docker__execution__agentLink=link).start()
    client = start(daemon, "echo up; exec sleep 1000")
    assert client.stdout.readline() == b"up\n"
    run("docker", "rm", "-f", *daemon.boxes())
    _, errors = client.communicate(timeout=30)
    assert (b"The box was removed." in errors or b"The box was killed." in errors) and client.returncode == 255
    assert daemon.ssh("echo fine").stdout == b"fine\n"
    run("docker", "stop", "-t", "1", *daemon.boxes())
    assert daemon.ssh("echo fine").stdout == b"fine\n", "somebody stopped it"
