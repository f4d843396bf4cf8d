# SPDX-License-Identifier: Apache-2.0
"""What a user may take of time and boxes: idle and maximum times, the number of boxes, limits of each box."""
import os
import pathlib
import subprocess

import pytest
from conftest import podman_too, wait_until

TOO_MANY = b"You have as many boxes as you may have at the same time. End one of your sessions first."


def start(daemon, *command, user="alice"):
    return subprocess.Popen(daemon.ssh_command(*command, user=user), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


def add_user(daemon, name, **config):
    daemon.users[name] = {"authorizedKeys": daemon.users["alice"]["authorizedKeys"], "config": config}


def test_an_idle_connection_is_ended_with_a_sentence_and_a_busy_one_is_not(own_daemon):
    daemon = own_daemon(quota={"idleTimeout": "2s"}).start()
    busy = start(daemon, "for i in 1 2 3 4 5 6 7 8 9; do echo $i; sleep 0.5; done")
    idle = daemon.ssh("echo up; exec sleep 1000")
    assert idle.stdout == b"up\n" and idle.returncode == 255
    assert b"fairlead: This connection was idle for too long.\n" in idle.stderr
    assert b"Received disconnect" in idle.stderr, idle.stderr
    assert busy.communicate(timeout=20)[0].split() == [b"%d" % i for i in range(1, 10)] and busy.returncode == 0
    assert "SSH_IDLE_TIMEOUT" in daemon.codes()
    wait_until(lambda: not daemon.boxes(), 10, "nothing is left")


def test_the_maximum_time_is_told_to_terminals_before_and_to_everybody_at_the_end(own_daemon):
    # alice has all the time in the world.
    daemon = own_daemon()
    add_user(daemon, "guest", quota={"maxTime": "4s", "warnBefore": "2s"})
    daemon.start()
    unlimited = start(daemon, "sleep 7; echo done")
    terminal = start(daemon, "-tt", "while :; do echo x; sleep 0.2; done", user="guest")
    plain = start(daemon, "while :; do echo x; sleep 0.2; done", user="guest")
    _, told = terminal.communicate(timeout=30)
    _, plainly_told = plain.communicate(timeout=30)
    assert told.count(b"\r\nfairlead: This connection ends in 2 seconds.\r\n") == 1, told
    assert b"\r\nfairlead: This connection has lasted as long as it may.\r\n" in told
    assert b"ends in" not in plainly_told and b"fairlead: This connection has lasted as long as it may.\n" in plainly_told
    assert terminal.returncode == plain.returncode == 255
    assert "SSH_MAX_TIME" in daemon.codes()
    assert unlimited.communicate(timeout=20)[0] == b"done\n"
    wait_until(lambda: not daemon.boxes(), 10, "nothing is left")


@podman_too
def test_a_user_has_no_more_boxes_than_the_limit_says(own_daemon):
    daemon = own_daemon(quota={"maxBoxes": 2})
    add_user(daemon, "bob")
    add_user(daemon, "carol", quota={"maxBoxes": 3})
    daemon.start()
    held = [start(daemon, "echo up; cat") for _ in range(2)]
    assert [one.stdout.readline() for one in held] == [b"up\n"] * 2
    refused = daemon.ssh("true")
    assert refused.returncode == 255 and TOO_MANY in refused.stderr, refused.stderr
    assert "BACKEND_QUOTA_BOXES" in daemon.codes()
    assert daemon.ssh("echo fine", user="bob").stdout == b"fine\n", "each user has their own"
    held[0].stdin.close()
    assert held[0].wait(20) == 0
    wait_until(lambda: daemon.ssh("echo again").stdout == b"again\n", 10, "a box that is gone counts no more")
    others = [start(daemon, "echo up; cat", user="carol") for _ in range(3)]
    assert [one.stdout.readline() for one in others] == [b"up\n"] * 3, "the user's own number counts"
    for one in [held[1], *others]:
        one.stdin.close()
        assert one.wait(20) == 0
    wait_until(lambda: not daemon.boxes(), 10, "nothing is left")


@pytest.mark.parametrize("own_daemon", ["docker"], indirect=True)
@pytest.mark.parametrize("agentless", (False, True))
def test_each_box_of_a_session_counts(own_daemon, tmp_path, agentless):
    daemon = own_daemon("docker", quota={"maxBoxes": 2}, docker__execution__mode="session",
                        docker__execution__disableAgent=agentless).start()
    with daemon.master(tmp_path) as shared:
        held = [start(daemon, shared, "echo up; cat") for _ in range(2)]
        assert [one.stdout.readline() for one in held] == [b"up\n"] * 2
        refused = daemon.ssh(shared, "true")
        assert refused.returncode != 0
        assert TOO_MANY in refused.stderr, refused.stderr
        assert "BACKEND_QUOTA_BOXES" in daemon.codes()
        for one in held:
            one.stdin.close()
            assert one.wait(20) == 0
        wait_until(lambda: daemon.ssh(shared, "echo again").stdout == b"again\n", 10, "their boxes are gone")
    wait_until(lambda: not daemon.boxes(), 10, "nothing is left")


def groups_of(daemon):
    """What the kernel holds the box of the one login to, read outside of it."""
    (box,) = daemon.boxes()
    # Others' groups come and go meanwhile, which walk() does not mind.
    found = [pathlib.Path(path) for path, _, _ in os.walk("/sys/fs/cgroup") if box in os.path.basename(path)]
    values = {}
    for path in found:
        for name in ("memory.max", "memory.limit_in_bytes", "pids.max", "cpu.max", "cpu.cfs_quota_us", "cpu.cfs_period_us"):
            if (path / name).exists():
                values[name] = (path / name).read_text().split()
    return values


@podman_too
def test_simple_limits_are_what_the_kernel_holds_the_box_to(own_daemon):
    daemon = own_daemon()
    daemon.set(f"{daemon.backend}.limits", {"memory": "512M", "cpus": 1.5, "pids": 256})
    add_user(daemon, "bob", **{daemon.backend: {"limits": {"memory": "64M", "pids": "none"}}})
    daemon.start()

    def limits(user):
        wait_until(lambda: not daemon.boxes(), 10, "only one box")
        client = start(daemon, "echo up; cat", user=user)
        assert client.stdout.readline() == b"up\n"
        values = groups_of(daemon)
        client.stdin.close()
        assert client.wait(20) == 0
        if not values:
            pytest.skip("no control groups to look at on this host")
        memory = values.get("memory.max") or values["memory.limit_in_bytes"]
        quota = values.get("cpu.max") or [*values["cpu.cfs_quota_us"], *values["cpu.cfs_period_us"]]
        return int(memory[0]), int(quota[0]) / int(quota[1]), values["pids.max"][0]

    assert limits("alice") == (512 << 20, 1.5, "256")
    memory, cpus, pids = limits("bob")
    assert (memory, cpus) == (64 << 20, 1.5), "what bob's entry does not name is everybody's"
    assert pids == ("max" if daemon.backend == "oci" else pids) and pids != "256"


@pytest.mark.parametrize("own_daemon", ["docker"], indirect=True)
def test_two_words_for_one_limit_are_told_and_the_engines_own_wins(own_daemon):
    daemon = own_daemon("docker", docker__limits={"pids": 64, "memory": "512M"},
                        docker__execution__host={"resources": {"pidslimit": 99}}).start()
    assert "limits.pids" in daemon.log_file.read_text(), "told at the start"
    assert "limits.memory" not in daemon.log_file.read_text()
    client = start(daemon, "echo up; cat")
    assert client.stdout.readline() == b"up\n"
    assert groups_of(daemon).get("pids.max", ["99"]) == ["99"]
    client.stdin.close()
    assert client.wait(20) == 0
