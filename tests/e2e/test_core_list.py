# SPDX-License-Identifier: Apache-2.0
"""What a client sees of the SSH layer: the observable behaviours of core.md section 1.10 that no other test plays, at the daemon.
Numbers are the specification's; where we differ on purpose (docs/decisions.md), the test says how."""
import json
import signal
import socket
import struct
import subprocess
import time

import paramiko
import pytest
import yaml
from channel_requests import SIZE, Asker, text
from conftest import BIN, Daemon, own_daemons, run, wait_until
from paramiko_login import transport

CONTAINERSSH = {  # core.md section 1.1
    "kex": ["curve25519-sha256@libssh.org", "ecdh-sha2-nistp521", "ecdh-sha2-nistp384", "ecdh-sha2-nistp256"],
    "ciphers": ["chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr", "aes192-ctr", "aes128-ctr"],
    "macs": ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-256"],
}


@pytest.fixture(scope="module")
def make(work):
    made = []

    def start(**settings):
        daemon = Daemon(work / f"core-{next(own_daemons)}", "oci", "busybox", **settings)
        made.append(daemon)
        return daemon.start()
    yield start
    for daemon in made:
        assert daemon.stop() == 0


@pytest.fixture(scope="module")
def daemon(make):
    return make(ssh__serverVersion="SSH-2.0-Foo bar 1.0", ssh__banner="hi\n", **{
        f"ssh__{name}": names for name, names in CONTAINERSSH.items()})


def read_line(connection):
    line = b""
    while not line.endswith(b"\n"):
        line += connection.recv(1)
    return line


def test_1_1_and_1_2_the_identification_comes_unasked_and_literally(daemon, make):
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=10) as connection:
        assert read_line(connection) == b"SSH-2.0-Foo bar 1.0\r\n"
    usual = make()
    with socket.create_connection(("127.0.0.1", usual.port), timeout=10) as connection:
        assert read_line(connection) == b"SSH-2.0-Fairlead\r\n", "ours; ContainerSSH's is SSH-2.0-ContainerSSH"


@pytest.mark.parametrize("path, value, reason", [
    ("ssh.serverVersion", "SSH-2.0-Foo-bar", "invalid configuration option: ssh.serverVersion ("),
    ("security.defaultMode", "deny", "invalid mode: deny"), ("security.tty.mode", "deny", "invalid mode: deny"),
    ("security.maxSessions", -2, "invalid maxSessions setting: -2"),
    ("ssh.clientAliveInterval", "100ms", "clientAliveInterval should be at least 1 second long"),
    ("ssh.kex", [], "the key exchange list cannot be empty"), ("ssh.macs", [], "empty SSHMAC list"),
    ("auth.publicKey.method", "kerberos", "invalid configuration option: auth.publicKey.method ("),
])
def test_1_3_8_16_and_8_17_mistakes_have_containersshs_words(tmp_path, path, value, reason):
    wrong = Daemon(tmp_path / "wrong", "oci", "busybox")
    wrong.set(path, value)
    wrong.write()
    done = run(BIN / "fairlead", "serve", "--config", wrong.directory / "config.yaml")
    assert done.returncode == 1 and reason in done.stderr.decode(), done.stderr
    assert {json.loads(line)["code"] for line in done.stdout.splitlines()} == {"CORE_CONFIG_ERROR"}


def test_1_4_the_lists_of_the_file_are_offered_in_that_order(daemon):
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=10) as connection:
        read_line(connection)
        connection.sendall(b"SSH-2.0-test\r\n")
        reader = connection.makefile("rb")
        length, padding = struct.unpack(">IB", reader.read(5))
        payload = reader.read(length - 1)[:length - 1 - padding]
    assert payload[0] == 20
    lists, at = [], 17
    for _ in range(10):
        size, = struct.unpack_from(">I", payload, at)
        lists.append([name for name in payload[at + 4:at + 4 + size].decode().split(",") if name])
        at += 4 + size
    kex, host_keys, cipher_in, cipher_out, mac_in, mac_out, packed_in, packed_out, language_in, language_out = lists
    assert kex == [*CONTAINERSSH["kex"], "ext-info-s", "kex-strict-s-v00@openssh.com"], "ext-info-s is ours (RFC 8308)"
    assert cipher_in == cipher_out == CONTAINERSSH["ciphers"] and mac_in == mac_out == CONTAINERSSH["macs"]
    assert packed_in == packed_out == ["none"] and language_in == language_out == [] and "ssh-ed25519" in host_keys


def test_1_5_without_a_common_algorithm_the_connection_ends(daemon):
    done = run("ssh", *daemon.options, "-oKexAlgorithms=diffie-hellman-group14-sha256", "-p", daemon.port, "alice@127.0.0.1", "true")
    assert done.returncode == 255 and b"no matching key exchange method found" in done.stderr


def test_1_6_one_banner(daemon):
    done = run("ssh", *daemon.options, "-oPreferredAuthentications=none,publickey", "-p", daemon.port, "alice@127.0.0.1", "echo in")
    assert done.stdout == b"in\n" and done.stderr.replace(b"\r", b"").count(b"hi\n") == 1


def test_1_7_none_lists_what_is_configured(daemon):
    with transport(daemon, login=False) as client:
        with pytest.raises(paramiko.BadAuthenticationType) as refusal:
            client.auth_none("alice")
        assert sorted(refusal.value.allowed_types) == ["password", "publickey"], "W1.7: no others"


@pytest.mark.parametrize("none_first", [False, True])
def test_1_8_and_1_9_the_sixth_wrong_password_disconnects(daemon, none_first):
    with transport(daemon, login=False) as client:
        if none_first:
            with pytest.raises(paramiko.BadAuthenticationType):
                client.auth_none("alice")
        for number in range(6):
            with pytest.raises(paramiko.SSHException) as refusal:
                client.auth_password("alice", "wrong", fallback=False)
            assert isinstance(refusal.value, paramiko.AuthenticationException), number
            assert client.is_active() == (number < 5), number


def test_1_10_the_sixth_unknown_key_disconnects(daemon, tmp_path):
    flags = []
    for number in range(7):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / str(number)], check=True)
        flags += ["-i", tmp_path / str(number)]
    done = run("ssh", "-F", "/dev/null", "-oIdentitiesOnly=yes", "-oBatchMode=yes", *flags, "-v", "-p", daemon.port,
               "-o", f"UserKnownHostsFile={daemon.directory / 'known_hosts'}", "alice@127.0.0.1", "true")
    assert done.returncode == 255 and b"Too many authentication failures" in done.stderr
    assert done.stderr.count(b"Offering public key") == 6


def test_1_12_to_1_14_global_requests(daemon):
    with transport(daemon) as client:
        assert client.global_request("keepalive@openssh.com", wait=True) is None
        assert client.global_request("foo@example", wait=True) is None
        client.global_request("foo", wait=False)
        # Had there been an answer to that, this would get it and the next would get this one's.
        assert client.global_request("keepalive@openssh.com", wait=True) is None
        assert echo(client) == b"still here\n"


def echo(client):
    channel = client.open_session(timeout=20)
    channel.exec_command("echo still here")
    return channel.makefile("rb").read()


@pytest.mark.parametrize("kind", ["foo", "x11", "tun@openssh.com"])
def test_1_15_other_channels_are_of_unknown_type(daemon, kind, caplog):
    with transport(daemon) as client:
        with pytest.raises(paramiko.ChannelException) as refusal:
            client.open_channel(kind, src_addr=("127.0.0.1", 1), timeout=20)
        assert refusal.value.code == 3
        assert "open FAILED: unsupported channel type" in caplog.text, "paramiko's log has the server's words"
        assert echo(client) == b"still here\n"


@pytest.fixture
def ask(daemon):
    with transport(daemon) as client:
        yield Asker(client)


def test_1_16_what_is_not_supported_leaves_the_session_usable(ask):
    for name in ("auth-agent-req@openssh.com", "xon-xoff", "foo@example"):
        assert not ask(name)
    assert ask("exec", text("echo fine"))
    assert ask.output() == b"fine\n"


def test_1_17_and_1_18_nothing_is_changed_once_a_program_runs(ask):
    assert ask("env", text("A"), text("b"))
    assert ask("exec", text("read line; echo $line $A"))
    assert not ask("exec", text("echo other"))
    assert not ask("shell")
    assert not ask("subsystem", text("sftp"))
    assert not ask("env", text("A"), text("c"))
    assert not ask("pty-req", text("xterm"), SIZE, text(""))
    ask.channel.sendall(b"first\n")
    assert ask.output() == b"first b\n"


def test_1_19_there_is_nothing_to_signal_before_the_start(ask):
    assert not ask("signal", text("TERM"))
    assert not ask("window-change", SIZE)
    assert ask("exec", text("echo fine"))


def test_1_20_what_cannot_be_decoded_is_refused(ask):
    assert not ask("exec", text("echo"), b"garbage")
    assert not ask("exec", b"\0\0\0\x09echo")
    assert not ask("shell", b"x")
    assert not ask("pty-req", text("xterm"))
    assert ask("exec", text("echo fine"))
    assert ask.output() == b"fine\n"


def test_1_24_a_peer_that_vanished_is_dropped(make):
    daemon = make(ssh__clientAliveInterval="1s", ssh__clientAliveCountMax=2)
    client = subprocess.Popen(daemon.ssh_command("sleep 60"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(daemon.boxes, 20, "it is in")
        time.sleep(3)  # longer than two questions go unanswered
        assert daemon.boxes(), "who answers stays"
        client.send_signal(signal.SIGSTOP)
        wait_until(lambda: not daemon.boxes(), 15, "the box of the silent client is gone")
    finally:
        client.kill()
        client.wait()


@pytest.mark.parametrize("rules, may, may_not", [
    ({"defaultMode": "disable", "shell": {"mode": "enable"}}, ["shell"], ["exec", "env", "tty"]),
    ({"shell": {"mode": "filter"}}, ["exec", "env", "tty"], ["shell"]),
    ({"env": {"mode": "filter", "allow": ["A"], "deny": ["A"]}}, ["env", "shell"], []),
    ({"env": {"mode": "enable", "deny": ["A"]}}, ["exec", "tty"], ["env"]),
    ({"command": {"mode": "enable", "allow": ["other"]}}, ["exec"], []),
], ids=["8.8", "8.5", "8.3", "8.2", "8.4"])
def test_8_rules_by_their_answers(make, rules, may, may_not):
    daemon = make(security=rules)
    requests = {"env": ("env", text("A"), text("b")), "tty": ("pty-req", text("xterm"), SIZE, text("")), "shell": ("shell",),
                "exec": ("exec", text("true"))}
    with transport(daemon) as client:
        for name in [*may, *may_not]:
            assert Asker(client)(*requests[name]) == (name in may), name


def test_9_8_without_a_place_for_its_key_it_says_so(tmp_path):
    daemon = Daemon(tmp_path / "ro", "oci", "busybox", stateDirectory="/proc/nowhere")
    daemon.write()
    done = run(BIN / "fairlead", "serve", "--config", daemon.directory / "config.yaml")
    assert done.returncode == 1 and b"/proc/nowhere" in done.stderr


def test_9_15_a_section_that_the_server_may_mend_does_not_stop_the_start(make):
    daemon = make(configserver__url="http://127.0.0.1:1", docker={"connection": {"host": ""}, "execution": {"mode": "never"}},
                  security__command={"mode": "deny"})
    assert yaml.safe_load(run(BIN / "fairlead", "--dump-config", "--config", daemon.directory / "config.yaml").stdout)["docker"]["execution"]["mode"]
