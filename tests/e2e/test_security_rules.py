# SPDX-License-Identifier: Apache-2.0
"""The security section with real clients: what is refused and how that looks, forced commands, open sessions, per-user rules."""
import asyncio
import json
import subprocess

import paramiko
import pytest
from channel_requests import send_signal
from conftest import IMAGES, PASSWORD, run, wait_until

ORIGINAL = 'printf "forced[%s]" "${SSH_ORIGINAL_COMMAND-unset}"'
NEWEST_SSH = IMAGES / "peers/usr/bin/ssh"  # scripts/get-test-peers


@pytest.fixture()
def daemon_with(own_daemon):
    """Starts a daemon with this security section."""
    def make(users=None, backend=None, **security):
        daemon = own_daemon(backend=backend)
        daemon.config["security"] = security
        for name, rules in (users or {}).items():
            daemon.users[name] = {**daemon.users["alice"], "config": {"security": rules}}
        return daemon.start()
    make.backend = own_daemon.backend
    return make


def transport(daemon, user="alice"):
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect("127.0.0.1", daemon.port, user, PASSWORD, allow_agent=False, look_for_keys=False)
    return client


def refused(daemon, code):
    return [line for line in daemon.log() if line["code"] == code]


def test_commands_are_compared_as_a_whole(daemon_with):
    daemon = daemon_with(command={"mode": "filter", "allow": ["echo hi"]})
    assert daemon.ssh("echo hi").stdout == b"hi\n"
    for other in ("echo hi ", "echo hi; id", "ECHO hi", "echo"):
        done = daemon.ssh(other)
        assert (done.returncode, done.stdout) == (255, b""), other
        assert b"fairlead: Command execution disabled." in done.stderr, other
    assert daemon.ssh("-tt", "echo hi").stdout == b"hi\r\n", "the terminal is another rule's business"
    assert len(refused(daemon, "SECURITY_EXEC_REJECTED")) == 4
    assert "echo hi; id" not in daemon.log_file.read_text(), "a command may hold secrets"


def test_a_refused_program_is_explained_by_every_client(daemon_with):
    daemon = daemon_with(defaultMode="disable", tty={"mode": "enable"})
    for words, sentence in ((["-T"], b"Shell"), (["-tt"], b"Shell"), (["id"], b"Command"), (["-tt", "id"], b"Command")):
        flags = [word for word in words if word.startswith("-")]
        rest = [word for word in words if not word.startswith("-")]
        done = run("ssh", *flags, *daemon.options, "-p", daemon.port, "alice@127.0.0.1", *rest)
        assert done.returncode == 255 and done.stdout == b"", words
        assert b"fairlead: " + sentence + b" execution disabled." in done.stderr, words
    place = ["-P", daemon.port]
    sftp = run("sftp", *daemon.options, *place, "-b", "/dev/null", "alice@127.0.0.1")
    assert sftp.returncode and b"fairlead: Subsystem execution disabled." in sftp.stderr
    for protocol, sentence in (("-s", b"Subsystem"), ("-O", b"Command")):
        scp = run("scp", protocol, *daemon.options, *place, "/etc/hostname", "alice@127.0.0.1:/tmp/x")
        assert scp.returncode and b"fairlead: " + sentence + b" execution disabled." in scp.stderr
    keys = run("ssh-keygen", "-lf", daemon.directory / "known_hosts").stdout.decode().splitlines()
    trusted = [word for line in keys for word in ("-hostkey", line.split()[1])]
    for program in (["plink", "-ssh"], ["psftp"]):
        done = run(*program, "-batch", "-pw", PASSWORD, *trusted, *place, "alice@127.0.0.1", input=b"")
        assert done.returncode and b" execution disabled." in done.stderr
    with transport(daemon) as client:
        channel = client.get_transport().open_session()
        with pytest.raises(paramiko.SSHException):
            channel.exec_command("id")
        assert channel.recv_stderr(100) == b"fairlead: Command execution disabled.\n"
        with pytest.raises(paramiko.SSHException):
            client.open_sftp()


def test_asyncssh_survives_a_refusal(daemon_with):
    import asyncssh
    daemon = daemon_with(command={"mode": "filter", "allow": ["echo hi"]})

    async def play():
        async with asyncssh.connect("127.0.0.1", daemon.port, username="alice", password=PASSWORD, known_hosts=None) as client:
            with pytest.raises(asyncssh.ChannelOpenError):
                await client.run("id")
            assert (await client.run("echo hi")).stdout == "hi\n"
    asyncio.run(play())


def test_the_newest_openssh_shows_the_reason(daemon_with):
    daemon = daemon_with(command={"mode": "disable"})
    done = run(NEWEST_SSH, *daemon.options, "-p", daemon.port, "alice@127.0.0.1", "id")
    assert done.returncode == 255 and b"fairlead: Command execution disabled." in done.stderr


def test_variables_and_terminals_are_refused_in_silence(daemon_with):
    daemon = daemon_with(env={"mode": "filter", "allow": ["LANG", "SSH_ORIGINAL_COMMAND"]}, tty={"mode": "filter"})
    done = daemon.ssh("-oSetEnv=LANG=C OTHER=x SSH_ORIGINAL_COMMAND=forged",
                      'echo "$LANG ${OTHER-unset} ${SSH_ORIGINAL_COMMAND-unset}"')
    assert done.stdout == b"C unset unset\n" and done.stderr == b""
    names = [line["details"]["name"] for line in refused(daemon, "SECURITY_ENV_REJECTED")]
    assert sorted(names) == ["OTHER", "SSH_ORIGINAL_COMMAND"]
    assert "forged" not in daemon.log_file.read_text()
    # With -tt, OpenSSH's client gives up by itself; at a terminal it goes on without.
    login = " ".join(daemon.ssh_command())
    shell = run("script", "-qec", login, "/dev/null", input=b"tty; echo over; exit\n")
    assert b"not a tty" in shell.stdout and b"over" in shell.stdout, "core.md 8.6: the shell still works"
    assert refused(daemon, "SECURITY_TTY_REJECTED")


def test_subsystems_by_name(daemon_with):
    daemon = daemon_with(subsystem={"mode": "filter", "allow": ["sftp"]}, command={"mode": "disable"})
    done = run("sftp", *daemon.options, "-P", daemon.port, "-b", "-", "alice@127.0.0.1", input=b"pwd\n")
    assert done.returncode == 0, done.stderr
    other = run("ssh", "-s", *daemon.options, "-p", daemon.port, "alice@127.0.0.1", "foo")
    assert other.returncode == 255 and b"Subsystem execution disabled." in other.stderr


@pytest.mark.parametrize("rules, killed", [({"signal": {"mode": "disable"}}, False), ({"shell": {"mode": "disable"}}, True),
                                           ({"signal": {"mode": "enable", "deny": ["TERM"]}}, False)])
def test_signals_have_a_rule_of_their_own(daemon_with, rules, killed):
    daemon = daemon_with(**rules)
    with transport(daemon) as client:
        channel = client.get_transport().open_session()
        channel.exec_command("trap 'echo caught; exit' TERM; echo ready; read line; echo $line")
        reader = channel.makefile("rb")
        assert reader.readline() == b"ready\n"
        send_signal(channel, "TERM")
        channel.sendall(b"went on\n")
        channel.shutdown_write()
        assert reader.read() == (b"caught\n" if killed else b"went on\n")
    assert bool(refused(daemon, "SECURITY_SIGNAL_REJECTED")) != killed


def test_a_forced_command_runs_instead(daemon_with):
    daemon = daemon_with(forceCommand=ORIGINAL)
    assert daemon.ssh("ls /etc").stdout == b"forced[ls /etc]"
    assert daemon.ssh("-oSetEnv=SSH_ORIGINAL_COMMAND=forged OTHER=x", "ls").stdout == b"forced[ls]"
    assert run(*daemon.ssh_command(), input=b"").stdout == b"forced[unset]"
    assert daemon.ssh("-oSetEnv=SSH_ORIGINAL_COMMAND=forged", "-T").stdout == b"forced[unset]"
    assert daemon.ssh("-s", "sftp").stdout == b"forced[sftp]"
    assert refused(daemon, "SECURITY_EXEC_FORCING_COMMAND")


def test_modes_come_before_a_forced_command(daemon_with):
    daemon = daemon_with(forceCommand=ORIGINAL, command={"mode": "disable"})
    done = daemon.ssh("ls")
    assert (done.returncode, done.stdout) == (255, b"")
    assert run(*daemon.ssh_command(), input=b"").stdout == b"forced[unset]"


def test_the_sections_command_goes_before_the_keys(own_daemon):
    daemon = own_daemon()
    key = daemon.users["alice"]["authorizedKeys"][0]
    daemon.users["alice"]["authorizedKeys"] = [f'command="echo key" {key}']
    daemon.users["bob"] = {**daemon.users["alice"], "config": {"security": {"forceCommand": "echo section"}}}
    daemon.start()
    assert daemon.ssh("ls").stdout == b"key\n"
    assert daemon.ssh("ls", user="bob").stdout == b"section\n"


def test_sessions_count_while_they_are_open(daemon_with, tmp_path):
    daemon = daemon_with(maxSessions=1)
    with daemon.master(tmp_path) as control:
        for number in range(5):
            assert daemon.ssh(control, f"echo {number}").stdout == b"%d\n" % number
    with transport(daemon) as client:
        first = client.get_transport().open_session()
        with pytest.raises(paramiko.ChannelException) as refusal:
            client.get_transport().open_session()
        assert refusal.value.code == 4
        for _ in range(20):
            first.close()
            first = client.get_transport().open_session()
    assert refused(daemon, "SECURITY_MAX_SESSIONS")


def test_no_sessions_at_all_can_be_said(daemon_with):
    daemon = daemon_with(maxSessions=0)
    done = daemon.ssh("id")
    assert done.returncode == 255 and b"Too many sessions." in done.stderr


def test_users_have_rules_of_their_own(daemon_with):
    daemon = daemon_with(command={"mode": "disable"}, env={"mode": "enable", "deny": ["A"]},
                         users={"bob": {"command": {"mode": "filter", "allow": ["env"]}, "env": {"deny": ["B"]}}})
    assert daemon.ssh("env").returncode == 255
    seen = daemon.ssh("-oSetEnv=A=1 B=2", "env", user="bob").stdout.decode().splitlines()
    assert "A=1" in seen and "B=2" not in seen, "a user's list takes the place of the list for all"
    assert daemon.ssh("id", user="bob").returncode == 255


@pytest.mark.parametrize("own_daemon", ["docker"], indirect=True)  # labels are the engine's
def test_containers_are_labelled_as_containerssh_does(daemon_with):
    daemon = daemon_with()
    held = subprocess.Popen(daemon.ssh_command("echo up; read line"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert held.stdout.readline() == b"up\n"
    labels = json.loads(run("docker", "inspect", *daemon.boxes()).stdout)[0]["Config"]["Labels"]
    started = [line for line in daemon.log() if line["code"] == "BACKEND_BOX_STARTED"]
    assert labels["containerssh_username"] == "alice" and labels["containerssh_ip"] == "127.0.0.1"
    assert labels["containerssh_connection_id"] == started[0]["details"]["connectionId"]
    held.communicate(b"\n", timeout=30)
    wait_until(lambda: not daemon.boxes(), 20, "the box is gone")
