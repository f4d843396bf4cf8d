# SPDX-License-Identifier: Apache-2.0
"""The tutorial's server (docs/tutorial.md) against a real engine, with OpenSSH's client, as the tutorial promises."""
import contextlib
import signal
import subprocess

import pexpect
import pytest

from conftest import BIN, ROOT, free_port, run, wait_until

IMAGE = "fairlead-test/busybox"
OPTIONS = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]


def containers():
    """Those of the tutorial: the daemon's boxes of other tests carry a label."""
    listed = run("docker", "ps", "-a", "--filter", f"ancestor={IMAGE}", "--format", '{{.ID}} {{.Label "fairlead_box"}}')
    return {line for line in listed.stdout.split(b"\n") if len(line.split()) == 1}


@contextlib.contextmanager
def serving():
    program = BIN / "first_ssh_server"
    engine = run("docker", "image", "inspect", IMAGE)
    assert engine.returncode == 0, engine.stderr  # scripts/dockerd-for-tests, scripts/make-test-images
    number = free_port()
    server = subprocess.Popen([program, IMAGE, str(number)])
    try:
        wait_until(lambda: run("ssh", *OPTIONS, "-p", number, "-o", "BatchMode=yes", "x@127.0.0.1", "true").returncode == 0,
                   what="the tutorial's server answers")
        yield number, server
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="module")
def port():
    with serving() as (number, _):
        yield number


def ssh(port, *command, **options):
    return run("ssh", *OPTIONS, "-p", port, "x@127.0.0.1", *command, **options)


def test_is_short():
    assert len((ROOT / "examples/first_ssh_server.cpp").read_text().splitlines()) < 100


def test_exec_streams_and_status(port):
    done = ssh(port, "echo out; echo err >&2; exit 42")
    assert (done.stdout, done.stderr, done.returncode) == (b"out\n", b"err\n", 42)


@pytest.mark.parametrize("status", [0, 1, 127, 255])
def test_status_is_the_containers(port, status):
    assert ssh(port, f"exit {status}").returncode == status


def test_end_of_input_reaches_the_program(port):
    assert ssh(port, "cat; echo end", input=b"hi\n").stdout == b"hi\nend\n"


def test_much_output_arrives_whole(port):
    assert len(ssh(port, "head -c 3000000 /dev/zero").stdout) == 3_000_000


def test_environment(port):
    done = run("env", "FOO=bar baz", "ssh", "-o", "SendEnv=FOO", *OPTIONS, "-p", port, "x@127.0.0.1", 'echo "$FOO"')
    assert done.stdout == b"bar baz\n"


def test_terminal_has_the_clients_size_and_follows_it(port):
    shell = pexpect.spawn("ssh", ["-tt", *OPTIONS, "-p", str(port), "x@127.0.0.1"], dimensions=(30, 100), timeout=20,
                          env={"TERM": "xterm-256color", "PATH": "/usr/bin:/bin"})
    shell.expect("# ")
    shell.sendline("stty size; echo $TERM")
    shell.expect("30 100\r\nxterm-256color")
    shell.setwinsize(40, 120)
    shell.sendline("until stty size | grep 120; do :; done")
    shell.expect("\r\n40 120")
    shell.sendline("exit 7")
    shell.expect(pexpect.EOF)
    shell.close()
    assert shell.exitstatus == 7


def test_channels_of_other_types_are_refused_with_their_name(port):
    done = run("ssh", *OPTIONS[:4], "-p", port, "-W", "127.0.0.1:1", "x@127.0.0.1")
    assert b"open failed: unknown channel type: unknown channel type: direct-tcpip" in done.stderr


def test_global_requests_are_answered(port):
    done = run("ssh", "-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=1", *OPTIONS, "-p", port, "x@127.0.0.1",
               "sleep 4; echo alive")
    assert done.stdout == b"alive\n"


def test_sessions_do_not_wait_for_each_other(port):
    slow = subprocess.Popen(["ssh", *OPTIONS, "-p", str(port), "x@127.0.0.1", "sleep 30"])
    assert ssh(port, "echo quick", timeout=20).stdout == b"quick\n"
    assert slow.poll() is None
    slow.kill()
    slow.wait()


def running(port):
    """A client whose program runs: the container is started, not only made."""
    client = subprocess.Popen(["ssh", *OPTIONS, "-p", str(port), "x@127.0.0.1", "echo up; sleep 1000"], stdout=subprocess.PIPE)
    assert client.stdout.readline() == b"up\n"
    return client


def test_no_container_outlives_its_client(port):
    before = containers()
    client = running(port)
    assert containers() - before
    client.kill()
    client.wait()
    wait_until(lambda: not containers() - before, 20, "the container is gone")


def test_no_container_outlives_an_interrupted_server():
    before = containers()
    with serving() as (number, server):
        clients = [running(number) for _ in range(3)]
        assert len(containers() - before) == 3
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0
        for client in clients:
            assert client.wait(10) == 255
        assert not containers() - before
