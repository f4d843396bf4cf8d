# SPDX-License-Identifier: Apache-2.0
"""What a program in a box can rely on, wherever the box comes from: how it is run, its variables, streams, signals, end."""
import concurrent.futures
import subprocess
import time

import pytest
from conftest import VARIABLES, channel_requests, e2e, processes


def test_output_error_output_and_exit_status_are_apart(backend):
    done = backend.ssh("echo out; echo err >&2; exit 42")
    assert (done.stdout, done.stderr, done.returncode) == (b"out\n", b"err\n", 42)
    for status in (0, 255):
        assert backend.ssh(f"exit {status}").returncode == status


def test_a_command_is_the_shells_as_a_whole(backend):
    assert backend.ssh("/bin/echo", "'a  b'").stdout == b"a  b\n"
    assert backend.ssh("/bin/echo a; echo b").stdout == b"a\nb\n", "W3.2"
    refused = backend.ssh(";ls")
    assert refused.returncode != 0 and b"yntax error" in refused.stderr, "W3.1"
    assert backend.ssh("echo alive").stdout == b"alive\n"


def test_a_command_that_is_not_there_is_told(backend):
    done = backend.ssh("no-such-program")
    assert done.returncode == 127 and b"no-such-program" in done.stderr
    done = backend.ssh("/no/such/program")
    assert done.returncode not in (0, None)
    assert b"/no/such/program" in done.stdout + done.stderr or b"fairlead: " in done.stderr


def test_variables_of_client_connection_and_metadata(backend):
    done = backend.daemon.ssh("-oSetEnv=LC_FLAIR=yes TEAM=red SSH_CONNECTION=forged", "env")
    variables = dict(line.split("=", 1) for line in done.stdout.decode().splitlines() if "=" in line)
    assert variables["LC_FLAIR"] == "yes"
    assert variables["TEAM"] == VARIABLES["TEAM"], "the client overrides nothing"
    client = variables["SSH_CLIENT"].split()
    assert client[0] == "127.0.0.1" and client[2] == str(backend.daemon.port)
    assert variables["SSH_CONNECTION"].split() == ["127.0.0.1", client[1], "127.0.0.1", str(backend.daemon.port)]
    assert "SSH_TTY" not in variables and "SSH_ORIGINAL_COMMAND" not in variables
    assert variables["HOME"] and variables["PATH"]
    for name in ("USER", "LOGNAME", "SHELL"):
        assert (name in variables) == backend.can("the account's variables"), name


def test_a_user_who_is_not_root_has_no_privileges(backend):
    # Podman puts what is added to a box into the hands of every user of it.
    done = backend.daemon.ssh("id -u; grep -E 'CapEff|CapAmb|NoNewPrivs' /proc/self/status", user="bob")
    assert done.stdout.split() == [b"1000", b"CapEff:", b"0000000000000000", b"CapAmb:", b"0000000000000000", b"NoNewPrivs:", b"1"]


def test_the_end_of_input_ends_nothing_but_the_input(backend):
    # W3.4: with ContainerSSH no exit status ever comes, or the container is stopped.
    assert backend.ssh("cat; echo end; exit 3", input=b"hi\n").stdout == b"hi\nend\n"
    began = time.monotonic()
    done = backend.ssh("cat; sleep 0.5; echo end; exit 3")  # from /dev/null
    assert (done.stdout, done.returncode) == (b"end\n", 3)
    assert time.monotonic() - began >= 0.5
    closed = subprocess.run(["sh", "-c", 'exec "$@" <&-', "sh", *backend.command("cat; echo end")], capture_output=True, timeout=60)
    assert closed.stdout == b"end\n"


def test_an_exit_status_comes_long_after_the_output_has_ended(backend):
    began = time.monotonic()
    assert backend.ssh("exec >&- 2>&-; sleep 1; exit 9").returncode == 9
    assert time.monotonic() - began >= 1


def test_a_background_child_that_keeps_no_stream_keeps_no_session(backend):
    began = time.monotonic()
    done = backend.ssh("sleep 30 >/dev/null 2>&1 </dev/null & echo started; exit 5")
    assert (done.returncode, done.stdout) == (5, b"started\n")
    assert time.monotonic() - began < 20


def test_many_sessions_on_one_connection(backend):
    count = 4 if backend.kind.mode == "session" else 10
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        results = list(pool.map(lambda n: backend.ssh(f"sleep 0.5; echo {n}; hostname; exit {n}"), range(count)))
    assert [done.returncode for done in results] == list(range(count))
    assert [done.stdout.split()[0] for done in results] == [b"%d" % n for n in range(count)]
    boxes = {done.stdout.split()[1] for done in results}
    assert len(boxes) == (count if backend.kind.mode == "session" else 1)


@pytest.mark.parametrize("name", ["TERM", "USR1"])
def test_a_signal_of_the_client_reaches_the_program(backend, name):
    channel = backend.channel()
    channel.exec_command(f"trap 'echo got {name}; exit 33' {name}; echo ready; while :; do sleep 0.1; done")
    assert channel.recv(100) == b"ready\n"
    channel.shutdown_write()  # W3.4: with ContainerSSH no signal passes after the end of input
    channel_requests.send_signal(channel, name)
    assert channel.makefile().read() == f"got {name}\n".encode()
    assert channel.recv_exit_status() == 33


@pytest.mark.parametrize("name, number", [("TERM", 15), ("KILL", 9)])
def test_the_end_by_a_signal_is_told(backend, name, number):
    done = backend.ssh(f"exec sh -c 'kill -{name} $$; exit 7'")
    if backend.can("exit signals"):
        assert done.returncode == 255  # what OpenSSH's client makes of exit-signal
    elif backend.can("signals without a handler"):
        assert done.returncode == 128 + number
    else:
        assert done.returncode == 7


def test_a_program_ends_with_its_channel(backend):
    channel = backend.channel()
    channel.exec_command("echo ready; exec sleep 54321")
    assert channel.recv(100) == b"ready\n"
    assert processes(b"sleep 54321")
    channel.close()
    e2e.wait_until(lambda: not processes(b"sleep 54321"), 10, "the program of the closed channel is gone")
    assert backend.ssh("echo alive").stdout == b"alive\n"


def test_what_was_brought_along_is_in_the_box_and_nothing_else(backend):
    # The agent, where there is one, in a directory of its own.
    listed = backend.ssh("ls -A /; ls -A /.fairlead 2>/dev/null").stdout.split()
    assert (b".fairlead" in listed) == backend.kind.ours == (b"agent" in listed)


def test_an_unknown_subsystem_is_refused(backend):
    done = backend.daemon.ssh("-s", "nosuchsubsystem")
    assert done.returncode != 0 and b"subsystem request failed" in done.stderr
