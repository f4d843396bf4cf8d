# SPDX-License-Identifier: Apache-2.0
"""Ends that nobody wished for: killed clients, killed daemons, restarted engines, boxes that misbehave."""
import os
import pathlib
import signal
import subprocess
import time

import pytest
from conftest import BIN, IMAGES, Daemon, run, wait_until


def start(daemon, *command):
    return subprocess.Popen(daemon.ssh_command(*command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_killed_daemon_leaves_nothing_after_the_next_start(own_daemon):
    daemon = own_daemon().start()
    clients = [start(daemon, "echo up; exec sleep 1000") for _ in range(3)]
    for client in clients:
        assert client.stdout.readline() == b"up\n"
    assert len(daemon.boxes()) == 3
    foreign = None
    if daemon.backend == "docker":
        foreign = run("docker", "run", "-d", "fairlead-test/busybox", "sleep", "600").stdout.decode().strip()
    daemon.process.kill()
    daemon.process.wait()
    for client in clients:
        client.wait(30)
    try:
        daemon.start()
        wait_until(lambda: not daemon.boxes(), 10, "the leftovers are gone")
        assert not daemon.mounts()
        assert daemon.ssh("echo again").stdout == b"again\n"
        if foreign:
            assert foreign[:12] in run("docker", "ps", "-q").stdout.decode(), "somebody else's container was touched"
    finally:
        if foreign:
            run("docker", "rm", "-f", foreign)


def test_graceful_stop_lets_sessions_finish_and_admits_no_new_ones(own_daemon):
    daemon = own_daemon().start()
    running = start(daemon, "echo up; sleep 2; echo finished")
    assert running.stdout.readline() == b"up\n"
    daemon.process.send_signal(signal.SIGTERM)
    wait_until(lambda: "SSH_DRAINING" in daemon.codes(), 5, "draining")
    assert daemon.ssh("true").returncode == 255
    assert running.stdout.read() == b"finished\n" and running.wait(10) == 0
    assert daemon.process.wait(10) == 0
    assert not daemon.boxes()


def test_second_signal_ends_sessions_now(own_daemon):
    daemon = own_daemon(ssh__shutdownGrace="60s").start()
    running = start(daemon, "echo up; exec sleep 1000")
    assert running.stdout.readline() == b"up\n"
    daemon.process.send_signal(signal.SIGTERM)
    wait_until(lambda: "SSH_DRAINING" in daemon.codes(), 5, "draining")
    began = time.monotonic()
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(15) == 0
    assert time.monotonic() - began < 15 and running.wait(10) == 255, "long before the grace period is over"
    assert not daemon.boxes()


def test_missing_image_is_told_to_the_user_and_others_are_served(own_daemon):
    daemon = own_daemon()
    missing = {"oci": {"image": "/nonexistent.tar"}} if daemon.backend == "oci" else \
        {"docker": {"execution": {"container": {"image": "fairlead-test/missing"}, "imagePullPolicy": "Never"}}}
    daemon.users["lost"] = {"authorizedKeys": daemon.users["alice"]["authorizedKeys"], "config": missing}
    daemon.start()
    refused = daemon.ssh("true", user="lost")
    assert refused.returncode == 255 and b"image" in refused.stderr.lower(), refused.stderr
    assert b"/nonexistent" not in refused.stderr, "internals stay inside"
    assert daemon.ssh("echo fine").stdout == b"fine\n"


def processes():
    return [pid for pid in os.listdir("/proc") if pid.isdigit()]


def is_agent(pid):
    try:
        return b"/.fairlead/agent" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def test_out_of_memory_is_told(own_daemon):
    daemon = own_daemon()
    daemon.set(f"{daemon.backend}.limits", {"memory": "64M"})
    daemon.start()
    done = daemon.ssh("head -c 300000000 /dev/zero | tail -c 299999999 | wc -c; echo $?", timeout=60)
    told = done.stdout + done.stderr
    assert b"299999999" not in told, "the limit holds"
    assert b"Killed" in told or b"memory" in told.lower(), told
    assert daemon.ssh("echo fine").stdout == b"fine\n"


def test_a_fork_bomb_stays_in_its_box(own_daemon):
    daemon = own_daemon()
    daemon.set(f"{daemon.backend}.limits", {"pids": 64})
    daemon.start()
    bomb = start(daemon, "bomb() { bomb | bomb & }; bomb; sleep 60")
    # The shell says so when it may not fork any more.
    assert b"fork" in bomb.stderr.readline()
    assert daemon.ssh("echo fine", timeout=30).stdout == b"fine\n"
    bomb.kill()
    bomb.wait()
    wait_until(lambda: not daemon.boxes(), 20, "the bomb's box is gone")


def test_a_writer_without_end_hits_its_limit(own_daemon):
    daemon = own_daemon()
    daemon.set(f"{daemon.backend}.limits", {"disk": "64M"})
    daemon.start()
    other = start(daemon, "echo up; read line; echo $line")
    assert other.stdout.readline() == b"up\n"
    # Where nothing bounds what a box writes, the box is ended when it is seen.
    done = daemon.ssh("dd if=/dev/zero of=/tmp/big bs=1M count=200 || exit 1; sleep 50", timeout=60)
    assert b"No space left" in done.stderr or b"quota" in done.stderr.lower() or b"more disk space" in done.stderr, done.stderr
    assert done.returncode in (1, 255)
    assert other.communicate(b"unharmed\n", timeout=20)[0] == b"unharmed\n"
    assert daemon.ssh("echo fine").stdout == b"fine\n"


def test_a_disk_limit_is_the_engines_quota_where_it_has_one(engine_with_quotas, work):
    daemon = Daemon(work / f"{engine_with_quotas.socket.parent.name}-daemon", "docker", "busybox",
                    docker__connection={"host": engine_with_quotas.host}, docker__limits={"disk": "64M"}).start()
    try:
        assert "DOCKER_NO_QUOTA" not in daemon.codes()
        done = daemon.ssh("dd if=/dev/zero of=/tmp/big bs=1M count=200; echo goes on")
        assert b"quota" in done.stderr.lower() and done.stdout == b"goes on\n", done.stderr
    finally:
        assert daemon.stop() == 0


@pytest.fixture
def daemon_on_own_engine(own_engine, work):
    daemon = Daemon(work / f"{own_engine.socket.parent.name}-daemon", "docker", "busybox",
                    docker__connection={"host": own_engine.host}).start()
    yield daemon
    assert daemon.stop() == 0


def test_engine_restarted_in_mid_session(own_engine, daemon_on_own_engine):
    daemon = daemon_on_own_engine
    client = start(daemon, "echo up; exec sleep 1000")
    assert client.stdout.readline() == b"up\n"
    own_engine.control("restart")
    # The engine ends its containers before it ends itself.
    _, errors = client.communicate(timeout=10)
    assert b"fairlead:" in errors and client.returncode == 255
    wait_until(lambda: daemon.ssh("echo again").stdout == b"again\n", 30, "logins work again")
    wait_until(lambda: not daemon.boxes(), 30, "nothing is left")


def test_an_end_is_told_although_the_engine_hangs(own_engine, daemon_on_own_engine):
    daemon = daemon_on_own_engine
    before = set(filter(is_agent, processes()))
    client = start(daemon, "echo up; exec sleep 1000")
    assert client.stdout.readline() == b"up\n"
    (agent,) = set(filter(is_agent, processes())) - before
    own_engine.signal(signal.SIGSTOP)
    try:
        os.kill(int(agent), signal.SIGKILL)
        _, errors = client.communicate(timeout=5)
        assert b"fairlead:" in errors and client.returncode == 255
    finally:
        own_engine.signal(signal.SIGCONT)
    wait_until(lambda: daemon.ssh("echo again").stdout == b"again\n", 30, "logins work again")
    wait_until(lambda: not daemon.boxes(), 30, "nothing is left")


def test_engine_absent_at_start(work):
    daemon = Daemon(work / "absent", "docker", docker__connection={"host": "unix:///nonexistent.sock"})
    daemon.write()
    done = run(BIN / "fairlead", "serve", "--config", daemon.directory / "config.yaml")
    assert done.returncode == 1 and b"/nonexistent.sock" in done.stderr


def test_no_usable_runtime_is_told_at_start(work):
    daemon = Daemon(work / "noruntime", "oci", oci__runtime="/bin/false")
    daemon.write()
    done = run(BIN / "fairlead", "serve", "--config", daemon.directory / "config.yaml")
    assert done.returncode == 1 and b"/bin/false" in done.stderr


@pytest.mark.parametrize("own_daemon", ["oci"], indirect=True)  # an engine checks its own images
def test_broken_image_is_told(own_daemon, tmp_path):
    broken = tmp_path / "broken.tar"
    broken.write_bytes(os.urandom(4096))
    daemon = own_daemon("oci")
    daemon.users["unlucky"] = {"authorizedKeys": daemon.users["alice"]["authorizedKeys"],
                               "config": {"oci": {"image": str(broken)}}}
    daemon.start()
    refused = daemon.ssh("true", user="unlucky")
    assert refused.returncode == 255 and b"image" in refused.stderr.lower(), refused.stderr
    assert str(broken) in daemon.log_file.read_text()
    daemon.stop()
    # As the image of everybody it stops the start, with its name.
    daemon.set("oci.image", str(broken))
    daemon.write()
    done = run(BIN / "fairlead", "serve", "--config", daemon.directory / "config.yaml")
    assert done.returncode == 1 and str(broken).encode() in done.stderr, done.stderr


def test_images_directory_is_there():
    assert (IMAGES / "debian.tar").exists(), "scripts/make-test-images makes it"
