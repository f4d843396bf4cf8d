# SPDX-License-Identifier: Apache-2.0
"""Programs in a box through OpenSSH's client, in numbers. What every backend must do is in tests/backend."""
import concurrent.futures
import time

from conftest import run


def test_exec_runs_in_a_container_of_its_own(daemon):
    first, second = (daemon.ssh("cat /proc/sys/kernel/hostname; cat /proc/1/comm; id -u").stdout for _ in range(2))
    host = open("/proc/1/comm").read()
    assert first.split()[1] != host.encode().strip()
    assert len(first.split()) == 3 and len(second.split()) == 3
    daemon.ssh("touch /tmp/mine")
    assert daemon.ssh("ls /tmp/mine").returncode != 0, "the next login has a fresh box"


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


def test_output_before_exit_is_complete(daemon, tmp_path):
    with daemon.master(tmp_path) as control:
        for _ in range(200):
            done = daemon.ssh(control, "head -c 300000 /dev/zero | tr '\\0' x; exit 3")
            assert (len(done.stdout), done.returncode) == (300000, 3)


def test_fifty_logins_at_once(daemon):
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        results = list(pool.map(lambda n: daemon.ssh(f"echo {n}; exit {n}", timeout=240), range(50)))
    assert [(r.returncode, r.stdout) for r in results] == [(n, b"%d\n" % n) for n in range(50)], results[0].stderr


def test_a_background_child_that_keeps_stdout_does_not_swallow_the_status(daemon):
    began = time.monotonic()
    done = daemon.ssh("sleep 3 & echo started; exit 4")
    assert (done.returncode, done.stdout) == (4, b"started\n")
    assert time.monotonic() - began >= 3, "as with sshd, the session lasts while somebody holds its output"


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
