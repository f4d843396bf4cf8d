# SPDX-License-Identifier: Apache-2.0
"""One daemon for each way of having boxes, shared by the whole contract; real clients talk to it.

The daemon and its helpers are those of tests/e2e.
"""
import base64
import contextlib
import importlib.util
import os
import pathlib
import random
import shutil
import subprocess
import sys

import paramiko
import pytest
from kinds import GUEST, KINDS

E2E = pathlib.Path(__file__).resolve().parents[1] / "e2e"


def load(name):
    spec = importlib.util.spec_from_file_location(f"e2e_{name}", E2E / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


e2e = load("conftest")
webhooks = load("webhooks")
channel_requests = load("channel_requests")
engine_proxy = load("engine_proxy")
work = e2e.work
tree = e2e.tree
IN_A_DIRECTORY_THAT_IS_THERE = "/home/alice/large"
FILES = {"/opt/ticket/small": b"for this login\n", IN_A_DIRECTORY_THAT_IS_THERE: random.Random(7).randbytes(300_000)}
VARIABLES = {"TEAM": "blue"}


def entry(value):
    return {"value": value, "sensitive": True}


ANSWER = {"environment": {name: entry(value) for name, value in VARIABLES.items()},
          "files": {path: entry(base64.b64encode(content).decode()) for path, content in FILES.items()}}


class Backend:
    """A daemon with one way of having boxes. Most tests share one login; those that end a box have their own."""

    def __init__(self, kind, daemon):
        self.kind = kind
        self.daemon = daemon
        self.shared = contextlib.ExitStack()  # what the tests share: an OpenSSH master, a paramiko client
        self.control = None
        self.client = None

    def can(self, ability):
        return self.kind.can(ability)

    def master(self):
        """The option that makes an ssh program use the shared login."""
        if self.control is None:
            self.control = self.shared.enter_context(self.daemon.master(self.daemon.directory))
        return self.control

    def hang_up(self):
        """Ends the shared logins, and with them their boxes; the next test gets new ones."""
        self.shared.close()
        self.control = self.client = None
        if self.kind.mode != "persistent":
            e2e.wait_until(lambda: not self.daemon.boxes(), 20, "every box is gone when nobody is logged in")

    def ssh(self, *words, **options):
        return self.daemon.ssh(self.master(), *words, **options)

    def command(self, *words):
        """For a program that is to be talked to: ssh on the shared login."""
        words = self.daemon.ssh_command(*words)
        return [words[0], self.master(), *words[1:]]

    def options(self):
        """For sftp and scp."""
        return [*self.daemon.options, self.master(), "-P", str(self.daemon.port)]

    def channel(self):
        """A session on which a test sends what ssh programs do not."""
        if self.client is None:
            self.client = paramiko.SSHClient()
            self.client.load_host_keys(str(self.daemon.directory / "known_hosts"))
            self.client.connect("127.0.0.1", self.daemon.port, "alice", key_filename=str(self.daemon.key), allow_agent=False,
                                look_for_keys=False)
            self.shared.callback(self.client.close)
        return self.client.get_transport().open_session()

    def login(self, *words):
        """A program of a login of its own."""
        return subprocess.Popen(self.daemon.ssh_command(*words), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def engine(self, *words):
        return self.daemon.docker(*words)

    def kill_boxes(self):
        """From outside, and all of them: whoever shares a login hangs up before."""
        if self.kind.engine:
            self.engine("rm", "-f", *self.daemon.boxes())
            return
        for pid in self.agents():
            os.kill(pid, 9)

    def agents(self):
        """Processes of our agent in this daemon's boxes, whose mounts name its directory."""
        return [pid for pid in processes(b"/.fairlead/agent")
                if str(self.daemon.directory) in pathlib.Path(f"/proc/{pid}/mountinfo").read_text()]


def processes(of):
    """Of this machine, boxes included, with this in their command line."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if of in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" "):
                found.append(int(pid))
    return found


@pytest.fixture(scope="session")
def podman(work):
    with e2e.podman_in(work / "podman") as host:
        yield host


@pytest.fixture(scope="session")
def hooks():
    server = webhooks.Server(lambda path, body: (200, ANSWER))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def guest(work):
    """The image of the tests with what stands for ContainerSSH's agent where ContainerSSH's guest image has its own."""
    agent = work / "containerssh-agent"
    shutil.copy(E2E / "guest_agent.sh", agent)
    agent.chmod(0o755)
    container = e2e.run("docker", "create", "fairlead-test/debian", "true").stdout.decode().strip()
    try:
        for step in ("cp", agent, f"{container}:/usr/bin/containerssh-agent"), ("commit", container, GUEST):
            done = e2e.run("docker", *step)
            assert done.returncode == 0, done.stderr
        yield
    finally:
        e2e.run("docker", "rm", container)
        e2e.run("docker", "rmi", "-f", GUEST)


def make_daemon(kind, work, hooks, host):
    daemon = e2e.Daemon(work / f"contract-{kind.name}", "docker" if kind.engine else "oci", configserver={"url": hooks.url})
    daemon.config["docker"]["execution"].update(kind.execution)
    if kind.engine:
        daemon.config["docker"]["connection"] = {"host": host}
    if kind.engine == "podman":
        e2e.use_podman(daemon, host)
    unprivileged = {"docker": {"execution": {"container": {"image": kind.image, "user": "1000:1000"}}},
                    "oci": {"user": "1000:1000"}}
    daemon.users["bob"] = {**daemon.users["alice"], "config": unprivileged}
    return daemon


@pytest.fixture(scope="session", params=KINDS, ids=lambda kind: kind.name)
def backend(request, work, hooks):
    kind = request.param
    if kind.link == "image":
        request.getfixturevalue("guest")
    host = request.getfixturevalue("podman") if kind.engine == "podman" else e2e.ENGINE
    backend = Backend(kind, make_daemon(kind, work, hooks, host).start())
    yield backend
    backend.hang_up()
    assert backend.daemon.process.poll() is None, "the daemon died during the tests"
    assert backend.daemon.stop() == 0
    if kind.mode == "persistent":
        backend.engine("rm", "-f", "-v", *backend.daemon.boxes())
    assert not backend.daemon.boxes() and not backend.daemon.mounts()
