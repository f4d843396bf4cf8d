# SPDX-License-Identifier: Apache-2.0
"""Programs in a box through OpenSSH's client: exec, streams, exit status, signals, order and completeness of output."""
import concurrent.futures
import os
import subprocess
import time

import pytest
from conftest import run


def test_exec_runs_in_a_container_of_its_own(daemon):
    first, second = (daemon.ssh("cat /proc/sys/kernel/hostname; cat /proc/1/comm; id -u").stdout for _ in range(2))
    host = open("/proc/1/comm").read()
    assert first.split()[1] != host.encode().strip()
    assert len(first.split()) == 3 and len(second.split()) == 3
    daemon.ssh("touch /tmp/mine")
    assert daemon.ssh("ls /tmp/mine").returncode != 0, "the next login has a fresh box"


@pytest.mark.parametrize("flags", [(), ("-n",), ("-tt",)])
def test_exit_status_and_output(daemon, flags):
    done = daemon.ssh(*flags, "echo out; exit 7")
    assert (done.returncode, done.stdout.replace(b"\r", b"")) == (7, b"out\n")


def test_every_exit_status(daemon, tmp_path):
    with daemon.master(tmp_path) as control:
        for status in range(256):
            assert daemon.ssh(control, f"exit {status}").returncode == status


def test_killed_by_a_signal_is_told_as_exit_signal(daemon):
    import paramiko
    done = daemon.ssh("kill -TERM $$")
    assert done.returncode == 255  # what OpenSSH's client makes of exit-signal
    seen = daemon.ssh("-v", "kill -KILL $$")
    assert b"exit-signal" in seen.stderr and b"rtype exit-status" not in seen.stderr
    assert paramiko  # the Python client's view is in test_clients.py


def test_streams_are_apart_without_a_terminal_and_one_with(daemon):
    apart = daemon.ssh("echo out; echo err >&2")
    assert (apart.stdout, apart.stderr) == (b"out\n", b"err\n")
    joined = daemon.ssh("-tt", "echo out; echo err >&2")
    assert joined.stdout == b"out\r\nerr\r\n"


def test_standard_input_ends_without_ending_the_program(daemon):
    assert daemon.ssh("cat; echo end", input=b"hi\n").stdout == b"hi\nend\n"
    assert daemon.ssh("cat; echo end").stdout == b"end\n"  # from /dev/null
    closed = subprocess.run(["sh", "-c", 'exec "$@" <&-', "sh", *daemon.ssh_command("cat; echo end")],
                            capture_output=True, timeout=60)
    assert closed.stdout == b"end\n"
    began = time.monotonic()
    assert daemon.ssh("sleep 2; echo done").stdout == b"done\n"  # the client's EOF does not end it
    assert time.monotonic() - began >= 2


def test_output_before_exit_is_complete(daemon, tmp_path):
    with daemon.master(tmp_path) as control:
        for _ in range(200):
            done = daemon.ssh(control, "head -c 300000 /dev/zero | tr '\\0' x; exit 3")
            assert (len(done.stdout), done.returncode) == (300000, 3)


def test_bulk_data_both_ways_is_exact(daemon):
    blob = os.urandom(1 << 20) * 24
    sent = daemon.ssh("cat", input=blob, timeout=300)
    assert sent.stdout == blob


def test_twenty_sessions_on_one_connection(daemon, tmp_path):
    with daemon.master(tmp_path) as control:
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            results = list(pool.map(lambda n: daemon.ssh(control, f"sleep 1; echo {n}; exit {n}"), range(20)))
        assert [r.returncode for r in results] == list(range(20))
        assert [r.stdout for r in results] == [b"%d\n" % n for n in range(20)]


def test_fifty_logins_at_once(daemon):
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        results = list(pool.map(lambda n: daemon.ssh(f"echo {n}; exit {n}", timeout=240), range(50)))
    assert [(r.returncode, r.stdout) for r in results] == [(n, b"%d\n" % n) for n in range(50)], results[0].stderr


def test_a_background_child_that_keeps_stdout_does_not_swallow_the_status(daemon):
    began = time.monotonic()
    done = daemon.ssh("sleep 3 & echo started; exit 4")
    assert (done.returncode, done.stdout) == (4, b"started\n")
    assert time.monotonic() - began >= 3, "as with sshd, the session lasts while somebody holds its output"
    began = time.monotonic()
    done = daemon.ssh("sleep 30 >/dev/null 2>&1 </dev/null & echo started; exit 5")
    assert (done.returncode, done.stdout) == (5, b"started\n")
    assert time.monotonic() - began < 20


def test_environment_of_a_program(daemon):
    done = daemon.ssh("-oSetEnv=LC_FLAIR=yes", "env")
    variables = dict(line.split("=", 1) for line in done.stdout.decode().splitlines() if "=" in line)
    assert variables["LC_FLAIR"] == "yes"
    client = variables["SSH_CLIENT"].split()
    connection = variables["SSH_CONNECTION"].split()
    assert client[0] == "127.0.0.1" and client[2] == str(daemon.port)
    assert connection == ["127.0.0.1", client[1], "127.0.0.1", str(daemon.port)]
    assert "SSH_TTY" not in variables and "SSH_ORIGINAL_COMMAND" not in variables
    for name in ("HOME", "USER", "LOGNAME", "SHELL", "PATH"):
        assert variables.get(name), name


def test_a_command_that_is_not_there(daemon):
    done = daemon.ssh("no-such-program")
    assert done.returncode == 127 and b"no-such-program" in done.stderr


def test_second_daemon_on_the_same_port_says_so(daemon):
    import json
    clone = daemon.directory / "clone.yaml"
    config = dict(daemon.config, stateDirectory=str(daemon.directory / "clone-state"), instance="clone", backend="oci")
    clone.write_text(json.dumps(config))
    from conftest import BIN
    done = run(BIN / "fairlead", "serve", "--config", clone)
    assert done.returncode == 1
    assert f"127.0.0.1:{daemon.port}".encode() in done.stderr and b"listen" in done.stderr


def test_refusals_are_told(daemon):
    forward = daemon.ssh("-oStdinNull=yes", "-W127.0.0.1:1")
    assert b"administratively prohibited" in forward.stderr
    unknown = daemon.ssh("-s", "nosuchsubsystem")
    assert unknown.returncode != 0 and b"subsystem request failed" in unknown.stderr
