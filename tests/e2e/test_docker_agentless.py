# SPDX-License-Identifier: Apache-2.0
"""Docker without an agent: sessions by exec (mode connection) and by attach (mode session)."""
import contextlib
import itertools
import subprocess
import time

import paramiko
import pexpect
import pytest
from conftest import Daemon, run, wait_until

numbers = itertools.count()
IDLE = ["/bin/sh", "-c", "trap exit TERM INT; while :; do sleep 3600 & wait $!; done"]


@pytest.fixture(params=("connection", "session"))
def daemon(work, request):
    made = Daemon(work / f"agentless-{next(numbers)}", "docker", "debian", docker__execution__mode=request.param,
                  docker__execution__disableAgent=True, docker__execution__idleCommand=IDLE)
    made.mode = request.param
    made.start()
    yield made
    assert made.process.poll() is None
    wait_until(lambda: not made.boxes(), 20, "every box is gone when nobody is logged in")
    assert made.stop() == 0


def start(daemon, *command, before=()):
    words = daemon.ssh_command(*command)
    return subprocess.Popen([words[0], *before, *words[1:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_output_error_and_exit_code_are_the_programs(daemon):
    done = daemon.ssh("echo out; echo err >&2; exit 42")
    assert (done.stdout, done.stderr, done.returncode) == (b"out\n", b"err\n", 42)
    assert b"fairlead" not in daemon.ssh("ls /; cat /proc/1/cmdline").stdout, "nothing of ours is in there"
    assert daemon.ssh("/bin/echo", "'a  b'").stdout == b"a  b\n"
    assert daemon.ssh(";ls").returncode != 0 and daemon.ssh("echo alive").stdout == b"alive\n", "W3.1"
    assert daemon.ssh("/bin/echo a; echo b").stdout == b"a\nb\n", "W3.2"


def test_the_end_of_input_is_not_the_end_of_the_program(daemon):
    # W3.4: with ContainerSSH no exit status ever comes, or the container is stopped.
    assert daemon.ssh("sleep 2; echo finished; exit 3").returncode == 3
    began = time.monotonic()
    assert daemon.ssh("cat", input=b"hi").stdout == b"hi"
    assert time.monotonic() - began < 10
    data = bytes(range(256)) * 8192
    assert daemon.ssh("cat", input=data).stdout == data


def test_an_exit_code_comes_long_after_the_output_has_ended(daemon):
    began = time.monotonic()
    assert daemon.ssh("exec >&- 2>&-; sleep 3; exit 9").returncode == 9
    assert 2.5 < time.monotonic() - began < 12


def test_environment_and_terminal(daemon):
    assert daemon.ssh("-oSetEnv=FOO=bar", "echo $FOO").stdout == b"bar\n"
    assert daemon.ssh("echo $SSH_CONNECTION").stdout.startswith(b"127.0.0.1 ")
    terminal = daemon.ssh("-tt", "tty; echo $TERM", env={"PATH": "/usr/bin:/bin", "TERM": "vt220"})
    assert terminal.stdout.split() == [b"/dev/pts/0", b"vt220"]


def test_a_window_has_the_size_that_the_client_says(daemon):
    words = daemon.ssh_command("sleep 1; trap 'stty size' WINCH; stty size; while :; do sleep 0.1; done")
    terminal = pexpect.spawn(words[0], ["-tt", *words[1:]], timeout=30, dimensions=(33, 101), encoding="utf-8")
    terminal.expect("33 101")
    terminal.setwinsize(50, 132)
    terminal.expect("50 132")
    terminal.sendcontrol("c")
    terminal.expect(pexpect.EOF)


@contextlib.contextmanager
def session(daemon, command):
    """A channel on which this test sends what ssh programs do not."""
    client = paramiko.SSHClient()
    client.load_host_keys(str(daemon.directory / "known_hosts"))
    client.connect("127.0.0.1", daemon.port, "alice", key_filename=str(daemon.key), allow_agent=False, look_for_keys=False)
    channel = client.get_transport().open_session()
    channel.exec_command(command)
    assert channel.recv(100) == b"ready\n"
    try:
        yield client, channel
    finally:
        client.close()


@pytest.mark.parametrize("name", ["TERM", "USR1"])
def test_signals_reach_the_program(daemon, name):
    with session(daemon, f"trap 'echo got {name}; exit 33' {name}; echo ready; while :; do sleep 0.1; done") as (client, channel):
        message = paramiko.Message()
        message.add_byte(b"\x62")  # SSH_MSG_CHANNEL_REQUEST
        message.add_int(channel.remote_chanid)
        message.add_string("signal")
        message.add_boolean(False)
        message.add_string(name)
        client.get_transport()._send_user_message(message)
        assert channel.makefile().read() == f"got {name}\n".encode()
        assert channel.recv_exit_status() == 33


def test_sessions_share_a_box_or_have_their_own(daemon, tmp_path):
    with daemon.master(tmp_path) as shared:
        first = start(daemon, "hostname; cat", before=[shared])
        second = start(daemon, "hostname; cat", before=[shared])
        names = {first.stdout.readline(), second.stdout.readline()}
        assert len(names) == (1 if daemon.mode == "connection" else 2)
        for client in (first, second):
            client.stdin.close()
            assert client.wait(20) == 0


def test_a_program_whose_channel_was_closed_is_ended(daemon):
    with session(daemon, "echo ready; exec sleep 4321") as (client, channel):
        top = lambda: "".join(run("docker", "top", box).stdout.decode() for box in daemon.boxes())
        assert "sleep 4321" in top()
        channel.close()
        wait_until(lambda: "sleep 4321" not in top(), 10, "the program of the closed channel is gone")
        assert client.get_transport().is_active()


def test_a_box_removed_from_outside_ends_the_session(daemon):
    client = start(daemon, "echo up; exec sleep 1000")
    assert client.stdout.readline() == b"up\n"
    run("docker", "rm", "-f", *daemon.boxes())
    client.communicate(timeout=60)
    assert client.returncode in (137, 255), "killed, or lost"
    assert daemon.ssh("echo fine").stdout == b"fine\n"


def test_a_program_that_is_not_there_is_no_silence(daemon):
    done = daemon.ssh("/no/such/program")
    assert done.returncode not in (0, None) and (done.stdout or done.stderr)
    assert daemon.ssh("echo fine").stdout == b"fine\n"
