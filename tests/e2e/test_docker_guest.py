# SPDX-License-Identifier: Apache-2.0
"""Images made for ContainerSSH: with our agent beside theirs, and served by theirs (agentLink: image)."""
import base64
import itertools
import os
import subprocess

import paramiko
import pytest
from channel_requests import send_signal
from conftest import ENGINE, Daemon, run, wait_until
from guest import AGENT, import_guest
from webhooks import Server

numbers = itertools.count()
IMAGE = f"fairlead-test/guest-{os.getpid()}"


@pytest.fixture(scope="module")
def image(work):
    import_guest(ENGINE, work / "guest.tar", IMAGE)
    yield IMAGE
    run("docker", "rmi", "-f", IMAGE)


@pytest.fixture
def make_daemon(work, image):
    made = []

    def make(**settings):
        daemon = Daemon(work / f"guest-{next(numbers)}", "docker", docker__execution__shellCommand=["/bin/sh"], **settings)
        daemon.set("docker.execution.container.image", image)
        made.append(daemon)
        return daemon.start()

    yield make
    for daemon in made:
        assert daemon.process.poll() is None
        if daemon.config["docker"]["execution"].get("mode") != "persistent":
            wait_until(lambda: not daemon.boxes(), 20, "every box is gone when nobody is logged in")
        assert daemon.stop() == 0
        daemon.remove_boxes()


@pytest.fixture
def guest(make_daemon):
    return make_daemon(docker__execution__agentLink="image")


@pytest.mark.parametrize("settings", ({}, {"docker__execution__agentLink": "image"}), ids=("ours", "theirs"))
def test_a_configuration_made_for_containerssh_sees_no_difference(make_daemon, settings):
    daemon = make_daemon(docker__execution__agentPath=AGENT,
                         docker__execution__idleCommand=[AGENT, "wait-signal", "--signal", "INT", "--signal", "TERM"], **settings)
    done = daemon.ssh("-oSetEnv=LANG=C.x", "id -un; pwd; echo $FROM $LANG; echo no >&2; exit 42")
    assert (done.stdout, done.stderr, done.returncode) == (b"alice\n/home/alice\nimage C.x\n", b"no\n", 42)
    assert daemon.ssh("/bin/echo", "'a  b'").stdout == b"a  b\n"
    data = bytes(range(256)) * 4096
    assert daemon.ssh("cat", input=data).stdout == data
    terminal = daemon.ssh("-tt", "tty; echo $TERM", env={"PATH": "/usr/bin:/bin", "TERM": "vt220"})
    assert terminal.stdout.split() == [b"/dev/pts/0", b"vt220"]
    assert daemon.ssh("/no/such/program").returncode == 127
    assert not [line for line in daemon.log() if line["level"] in ("warning", "error") and "agent" in line["message"].lower()]


def test_their_agent_is_what_runs_there(guest):
    assert guest.ssh("cat /tmp/entered").stdout.decode().split() == [AGENT, "wait-signal", "--signal", "INT", "--signal", "TERM"]
    seen = guest.ssh("ls -d /.fairlead; tr '\\0' ' ' </proc/1/cmdline").stdout.decode()
    assert "containerssh-agent wait-signal" in seen and "fairlead" not in seen


def channel_of(daemon, terminal=False, **environment):
    client = paramiko.SSHClient()
    client.load_host_keys(str(daemon.directory / "known_hosts"))
    client.connect("127.0.0.1", daemon.port, "alice", key_filename=str(daemon.key), allow_agent=False, look_for_keys=False)
    channel = client.get_transport().open_session()
    if terminal:
        channel.get_pty()
    for name, value in environment.items():
        channel.set_environment_variable(name, value)
    return client, channel


@pytest.mark.parametrize("terminal", (False, True))
@pytest.mark.parametrize("name", ("TERM", "USR1"))
def test_signals_go_by_their_agent(guest, name, terminal):
    client, channel = channel_of(guest, terminal)
    with client:
        channel.exec_command(f"trap 'echo got {name}; exit 33' {name}; echo ready; while :; do sleep 0.1; done")
        assert channel.recv(100).strip() == b"ready"
        send_signal(channel, name)
        assert channel.makefile().read().strip() == f"got {name}".encode()
        assert channel.recv_exit_status() == 33


@pytest.mark.parametrize("pid", (10, 266, 2570, 2573, 3338, 657930, 65541))
@pytest.mark.parametrize("terminal", (False, True))
def test_any_process_id_is_understood_and_no_byte_of_it_reaches_the_user(guest, pid, terminal):
    # W3.10: with ContainerSSH a terminal puts CR before each LF of these.
    client, channel = channel_of(guest, terminal, CLAIM=str(pid))
    with client:
        channel.exec_command("touch /tmp/claimed; printf x; until grep . /tmp/claimed; do sleep 0.1; done")
        assert channel.recv(1) == b"x"
        send_signal(channel, "USR1")
        assert channel.makefile().read().strip() == f"{pid} USR1".encode()


def test_a_closed_channel_ends_its_program(guest):
    client, channel = channel_of(guest)
    with client:
        channel.exec_command("echo ready; exec sleep 4321")
        assert channel.recv(100) == b"ready\n"
        top = lambda: "".join(run("docker", "top", box).stdout.decode() for box in guest.boxes())
        assert "sleep 4321" in top()
        channel.close()
        wait_until(lambda: "sleep 4321" not in top(), 10, "the program of the closed channel is gone")


@pytest.mark.parametrize("terminal", ([], ["-tt"]))
def test_an_image_without_the_agent_is_no_silence(make_daemon, terminal):
    # W3.9: ContainerSSH says nothing and exits with 137.
    daemon = make_daemon(docker__execution__agentLink="image", docker__execution__agentPath="/usr/bin/no-agent")
    done = daemon.ssh(*terminal, "echo hi")
    assert done.returncode in (126, 127) and b"hi" not in done.stdout
    assert b"no-agent" in done.stderr, "the engine's words are told"
    assert b"no-agent" not in done.stdout
    assert "DOCKER_EXEC_PID_READ_FAILED" in daemon.codes()


def test_an_agent_in_the_image_that_says_nothing_is_told_in_time_and_ended(make_daemon):
    daemon = make_daemon(docker__execution__agentLink="image", docker__execution__mode="persistent",
                         docker__execution__createMissingContainers=True, docker__timeouts={"commandStart": "1s"})
    done = daemon.ssh("-oSetEnv=SILENT=1", "echo hi", timeout=20)
    assert (done.stdout, done.returncode) == (b"", 255)
    assert b"fairlead: Your program did not start in time. Please try again later." in done.stderr, done.stderr
    top = lambda: run("docker", "top", *daemon.boxes()).stdout.decode()
    wait_until(lambda: "wait-signal" in top() and "sleep 4321" not in top(), 10, "what may have been started is gone")
    assert daemon.ssh("echo hi").stdout == b"hi\n"


@pytest.fixture
def hooks():
    server = Server()
    yield server
    server.stop()


def file(content):
    return {"value": base64.b64encode(content).decode(), "sensitive": True}


@pytest.mark.parametrize("mode", ("connection", "persistent"))
def test_files_and_variables_of_the_metadata(make_daemon, hooks, mode):
    hooks.answer = lambda path, body: (200, {"files": {"/tmp/token": file(b"s3cret\n"), "/tmp/empty": file(b""),
                                                       "/no/such/place": file(b"x")},
                                             "environment": {"ROLE": {"value": "dev", "sensitive": False}}})
    settings = {"docker__execution__createMissingContainers": True} if mode == "persistent" else {}
    daemon = make_daemon(docker__execution__agentLink="image", docker__execution__mode=mode, configserver__url=hooks.url, **settings)
    done = daemon.ssh("cat /tmp/token; stat -c '%a %U' /tmp/token /tmp/empty; echo $ROLE")
    assert done.stdout == b"s3cret\n600 alice\n600 alice\ndev\n"
    refused = [line for line in daemon.log() if line["code"] == "DOCKER_FILE_WRITE_FAILED"]
    assert [line["details"]["path"] for line in refused] == ["/no/such/place"]


@pytest.mark.parametrize("settings", ({"agentLink": "image"}, {"disableAgent": True, "idleCommand": [AGENT, "wait-signal"]}),
                         ids=("theirs", "none"))
def test_a_box_that_stays_needs_no_agent_of_ours(make_daemon, settings):
    daemon = make_daemon(docker__execution={"mode": "persistent", "createMissingContainers": True, "stopAfterIdle": "1s", **settings})
    assert daemon.ssh("echo kept >/tmp/file; hostname").returncode == 0
    [box] = daemon.boxes()
    assert daemon.ssh("cat /tmp/file").stdout == b"kept\n"
    assert daemon.boxes() == [box]
    running = lambda: run("docker", "inspect", "-f", "{{.State.Running}}", box).stdout == b"true\n"
    client = subprocess.Popen(daemon.ssh_command("echo up; exec sleep 4321"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert client.stdout.readline() == b"up\n"
    client.kill()
    client.communicate()
    wait_until(lambda: not running() or "sleep 4321" not in run("docker", "top", box).stdout.decode(), 20,
               "what a login started ends with it")
    wait_until(lambda: not running(), 30, "nobody is in it")
    assert daemon.ssh("cat /tmp/file").stdout == b"kept\n", "it is started again, with its files"
