# SPDX-License-Identifier: Apache-2.0
"""What security.md demands of a daemon whose client is hostile, row by row, where only a real box shows it."""
import contextlib
import os
import pathlib
import socket
import struct
import subprocess

import pytest
from channel_requests import SIZE, Asker, text
from conftest import BIN, Daemon, own_daemons, run, wait_until
from paramiko_login import transport
from password_login import login
from webhooks import Server

MEGABYTE = 1 << 20
# Steers the loader, shells and interpreters, or where a program looks for others.
HOSTILE = {"LD_PRELOAD": "/tmp/evil.so", "LD_LIBRARY_PATH": "/tmp", "LD_DEBUG": "files", "LD_DEBUG_OUTPUT": "/tmp/loaded",
           "GLIBC_TUNABLES": "glibc.malloc.check=3", "GCONV_PATH": "/tmp", "LOCPATH": "/tmp", "HOSTALIASES": "/tmp/evil",
           "BASH_ENV": "/tmp/evil", "ENV": "/tmp/evil", "PS4": "$(id)", "PYTHONPATH": "/tmp", "PERL5LIB": "/tmp",
           "NODE_OPTIONS": "--require=/tmp/evil", "GIT_SSH": "/tmp/evil", "PATH": "/tmp/evil"}
AGENTLESS = {"docker__execution__disableAgent": True, "docker__execution__idleCommand": ["/bin/sh", "-c", "sleep 1000"]}
KINDS = {"oci": ("oci", {}), "docker": ("docker", {}), "agentless": ("docker", AGENTLESS)}


@pytest.fixture(scope="module")
def make(work):
    made = []

    def start(kind="oci", image="busybox", users=None, password=None, **settings):
        backend, others = KINDS[kind]
        daemon = Daemon(work / f"list-{next(own_daemons)}", backend, image, **others, **settings)
        made.append(daemon)
        if password:
            daemon.users["alice"]["password"] = daemon.hash(password)
        for name, rules in (users or {}).items():
            daemon.users[name] = {**daemon.users["alice"], "config": rules}
        return daemon.start()
    yield start
    for daemon in made:
        assert daemon.stop() == 0
        daemon.remove_boxes()


@pytest.fixture(scope="module", params=KINDS)
def served(request, make):
    return make(request.param, users={"forced": {"security": {"forceCommand": "env"}}})


@pytest.fixture
def ask(served):
    with transport(served) as client:
        yield Asker(client)


def memory(daemon):
    """What the daemon holds, in bytes."""
    fields = dict(line.split(":") for line in pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) << 10


def test_cn_3_a_program_that_does_not_read_stops_its_client(served):
    block = bytes(32 << 10)
    with transport(served) as client:
        program = client.open_session(timeout=20)
        program.exec_command("echo up; until [ -e /tmp/go ]; do sleep 0.05; done; wc -c")
        program.settimeout(20)
        assert program.recv(10) == b"up\n"
        before = memory(served)
        program.settimeout(0.5)
        sent = 0
        with pytest.raises(socket.timeout):
            while sent < 64 * MEGABYTE:
                sent += program.send(block)
        assert 0 < sent < 8 * MEGABYTE
        assert memory(served) < before + 16 * MEGABYTE
        other = client.open_session(timeout=20)
        other.exec_command("touch /tmp/go")
        assert other.recv_exit_status() == 0, "the connection's other sessions go on"
        program.settimeout(20)
        for _ in range(64):
            program.sendall(block)
        program.shutdown_write()
        assert int(program.makefile("rb").read()) == sent + 64 * len(block)


def test_cn_11_a_session_runs_one_program(ask):
    assert ask("exec", text("read line; echo $line"))
    assert not ask("exec", text("echo other"))
    assert not ask("shell")
    assert not ask("subsystem", text("sftp"))
    ask.channel.sendall(b"first\n")
    assert ask.output() == b"first\n"


@pytest.mark.parametrize("size, expected", [((0, 0), b"24 80"), ((2, 3), b"3 2")])
def test_cn_12_a_terminal_is_one_and_of_any_size(ask, size, expected):
    for name in ("x;id", "x" * 65, "\x1b[0m"):
        assert not ask("pty-req", text(name), SIZE, text("")), name
    # Opcode 200 ends the modes, and so does what is cut off.
    modes = b"\x35\0\0\0\0" + b"\xc8junk"
    assert ask("pty-req", text("vt220"), struct.pack(">IIII", *size, 0, 0), struct.pack(">I", len(modes)) + modes)
    assert not ask("pty-req", text("xterm"), SIZE, text(""))
    # An engine resizes the terminal of an exec after its start.
    assert ask("exec", text(f"until stty size 2>/dev/null | grep -qx '{expected.decode()}'; do sleep 0.05; done; stty size; echo $TERM"))
    assert ask.output().split(b"\r\n")[:2] == [expected, b"vt220"]


def test_cn_13_names_that_are_none_are_refused(ask):
    for name in ("", "A=B", "1A", "A B", "A\nB", "A;B", "A" * 257):
        assert not ask("env", text(name), text("x")), name
    assert not ask("env", text("NUL"), struct.pack(">I", 3) + b"a\0b")
    assert not ask("env", text("LONG"), text("x" * 40000))
    assert ask("env", text("GOOD"), text("a=b\nc"))
    assert ask("exec", text("read line; env"))
    assert not ask("env", text("LATE"), text("x"))
    ask.channel.sendall(b"go on\n")
    seen = ask.output().decode()
    assert "GOOD=a=b\nc\n" in seen
    assert not [name for name in ("A=B", "1A", "A B", "A;B", "NUL", "LONG", "LATE") if name in seen]


def test_cn_13_variables_are_counted(ask):
    assert all(ask("env", text(f"V{number}"), text("x")) for number in range(128))
    assert not ask("env", text("V128"), text("x"))
    assert ask("exec", text("env | grep -c ^V"))
    assert ask.output() == b"128\n"


def test_cn_13_a_forced_command_sees_no_variable_that_could_steer_it(served):
    given = "-oSetEnv=" + " ".join(f"{name}={value}" for name, value in {**HOSTILE, "IFS": "x", "LANG": "C.x"}.items())
    seen = dict(line.split("=", 1) for line in served.ssh(given, "id", user="forced").stdout.decode().splitlines())
    assert seen["LANG"] == "C.x" and seen["SSH_ORIGINAL_COMMAND"] == "id"
    assert not set(seen) & (set(HOSTILE) | {"IFS"}) - {"PATH"} and seen.get("PATH") != HOSTILE["PATH"]


@pytest.mark.parametrize("served", ["oci"], indirect=True)  # the relay refuses, whatever is behind it
@pytest.mark.parametrize("forward, name", [("0:127.0.0.1:22", "tcpip-forward"),
                                           ("/tmp/listener:127.0.0.1:22", "streamlocal-forward@openssh.com")])
def test_cn_15_a_listener_is_refused_and_the_log_says_so(served, forward, name):
    said = len(served.log())
    refused = served.ssh("-oExitOnForwardFailure=yes", f"-R{forward}", "echo in")
    assert refused.returncode == 255 and b"remote port forwarding failed" in refused.stderr, refused.stderr
    lines = [line for line in served.log()[said:] if line["code"] == "SECURITY_REVERSE_FORWARDING_REJECTED"]
    assert [line["details"]["RequestType"] for line in lines] == [name]
    assert served.ssh(f"-R{forward}", "echo in").stdout == b"in\n", "nothing else ends with it"


def test_tc_3_nothing_in_the_environment_steers_the_agent(make):
    """The loader writes down every program that it is asked to load: there are the user's, and not the agent."""
    daemon = make("docker", "debian", docker__execution__container__env=[f"{name}={value}" for name, value in HOSTILE.items()])
    given = "-oSetEnv=" + " ".join(f"{name}={value}" for name, value in HOSTILE.items())
    with transport(daemon) as client:
        ask = Asker(client)
        assert all(ask("env", text(name), text(value)) for name, value in HOSTILE.items())
        assert ask("exec", text("/bin/true; /usr/bin/tr '\\0' '\\n' </proc/1/environ | /bin/grep ^GIT_SSH=;"
                                "/bin/cat /tmp/loaded.* | /bin/grep 'transferring control'; ls"))
        output = ask.output().decode()
    assert "GIT_SSH=/tmp/evil\n" in output, "the agent was started with it"
    assert "control: /bin/true" in output and "agent" not in output


CANARY = "CANARY-" + os.urandom(8).hex()
OPERATORS = ("users.yaml", "config.yaml", "id_ed25519", "known_hosts")  # written by the test


def files_of(daemon):
    """Those that it may have written: not what the test gave it, and nothing of the boxes' own file systems."""
    for top, directories, names in os.walk(daemon.directory):
        directories[:] = [name for name in directories if name not in ("images", "rootfs") and not os.path.ismount(f"{top}/{name}")]
        for name in names:
            path = pathlib.Path(top, name)
            if name not in OPERATORS and not name.startswith("askpass") and path.suffix != ".img" and path.is_file():
                yield path


def read(path):
    with contextlib.suppress(FileNotFoundError):  # of a box that goes
        return path.read_bytes()
    return b""


def holders(daemon, secret):
    return [path for path in files_of(daemon) if secret.encode() in read(path)]


@pytest.mark.parametrize("kind", ("oci", "docker"))
def test_tc_15_secrets_are_in_no_log_and_in_no_file(make, kind):
    hooks = Server()
    hooks.answer = lambda path, body: (200, {"environment": {"TOKEN": {"value": f"{CANARY}-hook", "sensitive": True}}})
    daemon = make(kind, password=f"{CANARY}-right", configserver__url=hooks.url)
    try:
        assert login(daemon, f"{CANARY}-wrong", "alice").returncode == 255
        assert login(daemon, f"{CANARY}-right", "alice").stdout == b"in\n"
        session = subprocess.Popen(daemon.ssh_command(f"-oSetEnv=MINE={CANARY}-client", "cat; echo $MINE $TOKEN"),
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        session.stdin.write(f"{CANARY}-typed\n".encode())
        session.stdin.flush()
        assert session.stdout.readline() == f"{CANARY}-typed\n".encode()
        private = daemon.key.read_text().splitlines()[2]
        for secret in (CANARY, private):
            assert not holders(daemon, secret), "while it runs"
        if kind == "docker":
            assert CANARY.encode() not in run("docker", "inspect", *daemon.boxes()).stdout
        assert session.communicate(timeout=30)[0] == f"{CANARY}-client {CANARY}-hook\n".encode()
        wait_until(lambda: not daemon.boxes(), 20, "the box is gone")
        assert not holders(daemon, CANARY)
        host_keys = [path for path in files_of(daemon) if b"PRIVATE KEY" in read(path)]
        assert host_keys and all(path.stat().st_mode & 0o77 == 0 for path in host_keys)
        for path in host_keys:
            assert holders(daemon, path.read_text().splitlines()[1]) == [path]
    finally:
        hooks.stop()


def test_tc_15_a_password_in_an_address_is_not_repeated(work):
    for number, address in enumerate(("http://user:SECRET@127.0.0.1:1/", "http://user:SECRET@[", "htp://user:SECRET@host/a@b",
                                      "http://user:SE@CRET@host:port/", "user:SECRET@host")):
        daemon = Daemon(work / f"address-{number}", "oci", "busybox", configserver__url=address)
        daemon.write()
        checked = run(BIN / "fairlead", "check-config", "--config", daemon.directory / "config.yaml")
        told = checked.stdout + checked.stderr
        assert checked.returncode != 0 and b"configserver" in told, told
        assert b"SECRET" not in told and b"CRET" not in told, told
