# SPDX-License-Identifier: Apache-2.0
"""A real daemon on loopback with real backends, for real clients: the outermost surface.

FAIRLEAD_BIN names the directory of the binaries (default build/release/bin). The Docker engine and the images are made by
scripts/dockerd-for-tests and scripts/make-test-images.
"""
import contextlib
import filecmp
import itertools
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("FAIRLEAD_BIN", ROOT / "build/release/bin"))
IMAGES = pathlib.Path(os.environ.get("FAIRLEAD_TEST_CACHE", "/var/cache/fairlead-test"))
PASSWORD = "correct horse battery"
ENGINE = "unix:///var/run/docker.sock"
BACKENDS = ("oci", "docker")
# For tests whose ways through the engine Podman may answer otherwise.
podman_too = pytest.mark.parametrize("own_daemon", [*BACKENDS, "podman"], indirect=True)
own_daemons = itertools.count()


def wait_until(condition, seconds=10.0, what="condition"):
    """Polls until `condition()` is true; fails loudly when it never is."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            pytest.fail(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(*command, **options):
    options.setdefault("timeout", 120)
    options.setdefault("stdin", None if "input" in options else subprocess.DEVNULL)
    if options["stdin"] is None:
        del options["stdin"]
    return subprocess.run([str(word) for word in command], capture_output=True, **options)


class Daemon:
    """One `fairlead serve` process with a configuration, a users file, keys and a state directory of its own."""

    def __init__(self, directory, backend, image="debian", **settings):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.backend = backend
        self.engine = None  # the configured one, unless a test puts something between
        self.port = free_port()
        self.process = None
        self.log_file = self.directory / "log"
        self.key = self.directory / "id_ed25519"
        if not self.key.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True)
        self.users = {"alice": {"password": self.hash(PASSWORD),
                                "authorizedKeys": [self.key.with_suffix(".pub").read_text().strip()]}}
        self.instance = self.directory.name.replace("_", "-")
        self.config = {
            "ssh": {"listen": f"127.0.0.1:{self.port}", "shutdownGrace": "5s"},
            "log": {"level": "debug", "destination": "file", "file": str(self.log_file)},
            "auth": {"password": {"method": "local"}, "publicKey": {"method": "local"},
                     "local": {"usersFile": str(self.directory / "users.yaml")}},
            "backend": backend,
            "oci": {"image": str(IMAGES / f"{image}.tar")},
            "docker": {"execution": {"container": {"image": f"fairlead-test/{image}"}}},
            "stateDirectory": str(self.directory / "state"),
            "instance": self.instance,
        }
        for path, value in settings.items():
            self.set(path.replace("__", "."), value)

    @staticmethod
    def hash(password):
        made = run(BIN / "fairlead", "hash-password", input=password.encode())
        assert made.returncode == 0, made.stderr
        return made.stdout.decode().strip()

    def set(self, path, value):
        *sections, last = path.split(".")
        place = self.config
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = value

    def write(self):
        # JSON is YAML: one spelling serves both readers.
        (self.directory / "users.yaml").write_text(json.dumps({"users": self.users}))
        (self.directory / "config.yaml").write_text(json.dumps(self.config))

    def start(self):
        self.write()
        self.log_file.touch()
        before = self.log_file.stat().st_size
        self.stderr = open(self.directory / "stderr", "ab")
        self.process = subprocess.Popen([BIN / "fairlead", "serve", "--config", self.directory / "config.yaml"],
                                        stdin=subprocess.DEVNULL, stdout=self.stderr, stderr=self.stderr)
        wait_until(lambda: self.process.poll() is not None or "SSH_AVAILABLE" in self.log_file.read_text()[before:],
                   60, "the daemon serves")
        assert self.process.poll() is None, (self.directory / "stderr").read_text()
        keys = run("ssh-keyscan", "-p", self.port, "127.0.0.1")
        (self.directory / "known_hosts").write_bytes(keys.stdout)
        return self

    def stop(self, number=signal.SIGTERM, seconds=30):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(seconds)
        return self.process.returncode if self.process else None

    def log(self):
        return [json.loads(line) for line in self.log_file.read_text().splitlines()]

    def codes(self):
        return [line["code"] for line in self.log()]

    @property
    def options(self):
        return ["-F", "/dev/null", "-i", str(self.key), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
                "-o", f"UserKnownHostsFile={self.directory / 'known_hosts'}", "-o", "ConnectTimeout=30"]

    def ssh_command(self, *words, user="alice"):
        return ["ssh", *self.options, "-p", str(self.port), f"{user}@127.0.0.1", *words]

    def ssh(self, *words, user="alice", **options):
        """ssh with options before and the command after the host: words that begin with '-' come first."""
        flags = [word for word in words if word.startswith("-")]
        rest = [word for word in words if not word.startswith("-")]
        command = ["ssh", *self.options, *flags, "-p", str(self.port), f"{user}@127.0.0.1", *rest]
        return run(*command, **options)

    def ssh_environment(self):
        """For programs that call ssh themselves: rsync -e, GIT_SSH_COMMAND."""
        return " ".join(["ssh", *self.options, "-p", str(self.port)])

    @contextlib.contextmanager
    def master(self, directory, program="ssh"):
        """A connection without a session that others share; gives the option that makes an ssh program use it."""
        path = pathlib.Path(directory) / "c"
        process = subprocess.Popen([program, *self.options, f"-oControlPath={path}", "-oControlMaster=yes", "-N",
                                    "-p", str(self.port), "alice@127.0.0.1"])
        try:
            wait_until(path.exists, 20, "the master is up")
            yield f"-oControlPath={path}"
        finally:
            # OpenSSH 9.2 loses a signal that comes between its look for one and its wait for input.
            while process.poll() is None:
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(1)

    def docker(self, *words):
        """Asks the engine of this daemon's boxes, whatever stands between the two."""
        return run("docker", "--host", self.engine or self.config["docker"].get("connection", {}).get("host", ENGINE), *words)

    def boxes(self):
        """What the backend holds for this instance, seen from outside."""
        if self.backend == "docker":
            return self.docker("ps", "-aq", "--filter", f"label=fairlead_instance={self.instance}").stdout.decode().split()
        boxes = self.directory / "state" / "boxes" / self.instance
        return [entry.name for entry in boxes.iterdir()] if boxes.exists() else []

    def remove_boxes(self):
        """Those of Docker that are left: a test has failed, or they are there to stay."""
        if boxes := self.boxes():
            self.docker("rm", "-f", "-v", *boxes)

    def mounts(self):
        state = str(self.directory / "state")
        return [line.split()[1] for line in open("/proc/self/mounts") if state in line]


@pytest.fixture()
def tree(tmp_path):
    """A small directory with awkward names, an empty file and two megabytes of noise."""
    top = tmp_path / "tree"
    (top / "sub dir").mkdir(parents=True)
    (top / "empty").touch()
    (top / "sub dir" / "ünïcode \"quoted\"").write_text("text\n")
    (top / "noise").write_bytes(os.urandom(2 << 20))
    (top / "tool").write_text("#!/bin/sh\n")
    (top / "tool").chmod(0o755)
    return top


def same_tree(left, right):
    compared = filecmp.dircmp(left, right)
    assert not (compared.left_only or compared.right_only or compared.funny_files), compared.report()
    for name in compared.common_files:
        assert (left / name).read_bytes() == (right / name).read_bytes()
    for name in compared.common_dirs:
        same_tree(left / name, right / name)


@pytest.fixture(scope="session")
def work(tmp_path_factory):
    # Not under pytest's own directory: overlayfs and Unix socket paths want short names on a real disk.
    directory = pathlib.Path(f"/var/tmp/fairlead-e2e-{os.getpid()}")
    directory.mkdir()
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session", params=BACKENDS)
def daemon(request, work):
    """A daemon shared by the tests that do not disturb it, once per backend."""
    instance = Daemon(work / f"shared-{request.param}", request.param).start()
    yield instance
    assert instance.process.poll() is None, "the daemon died during the tests"
    wait_until(lambda: not instance.boxes(), 20, "every box is gone when nobody is logged in")
    assert instance.stop() == 0
    assert not instance.mounts()


@contextlib.contextmanager
def podman_in(directory, *images):
    """The address of a Podman of the tests' own with their images; the options are those of make-test-images."""
    control = ROOT / "scripts/podman-for-tests"
    started = run(control, "start", directory)
    try:
        assert started.returncode == 0, started.stderr
        host = f"unix://{directory}/socket"
        made = run(ROOT / "scripts/make-test-images", *images, env={**os.environ, "DOCKER_HOST": host})
        assert made.returncode == 0, made.stderr
        yield host
    finally:
        run(control, "stop", directory)


@pytest.fixture(scope="session")
def podman(work):
    with podman_in(work / "podman", "--no-debian") as host:
        yield host


def use_podman(daemon, host):
    daemon.set("docker.connection.host", host)
    daemon.set("docker.execution.host.networkMode", "none")  # see scripts/podman-for-tests


@pytest.fixture(params=BACKENDS)
def own_daemon(request, work):
    """Makes daemons that a test may disturb; stops and checks them afterwards."""
    made = []

    backend_of_all, _, link = request.param.partition("-")  # "docker-attach": the link to engines elsewhere
    podman = request.getfixturevalue("podman") if request.param == "podman" else None
    if podman:
        backend_of_all = "docker"

    # The small image: each of these unpacks it into a state directory of its own. No two share a directory: a test that
    # waits for a log line would find the line of the daemon before it.
    def make(backend=None, image="busybox", **settings):
        if link:
            settings.setdefault("docker__execution__agentLink", link)
        instance = Daemon(work / f"own-{next(own_daemons)}-{request.param}", backend or backend_of_all, image, **settings)
        if podman:
            use_podman(instance, podman)
        made.append(instance)
        return instance

    make.backend = backend_of_all
    yield make
    for instance in made:
        with contextlib.suppress(subprocess.TimeoutExpired):
            instance.stop(signal.SIGTERM, 30)
        if instance.process and instance.process.poll() is None:
            instance.process.kill()
            instance.process.wait()
            pytest.fail("the daemon did not stop")


class Engine:
    """A Docker engine of a test's own with the small image, for tests that stop it, fill its disk or reach it elsewhere."""

    def __init__(self, directory, *options):
        self.socket = directory / "socket"
        self.host = f"unix://{self.socket}"
        self.environment = {**os.environ, "FAIRLEAD_TEST_DOCKER_SOCKET": str(self.socket),
                            "FAIRLEAD_TEST_DOCKERD_RUN": str(directory / "run"),
                            "FAIRLEAD_TEST_DOCKER_ROOT": str(directory / "root"),
                            "FAIRLEAD_TEST_DOCKERD_OPTIONS": " ".join(map(str, options))}

    def control(self, word):
        done = run(ROOT / "scripts/dockerd-for-tests", word, env=self.environment)
        assert done.returncode == 0, done.stderr

    def signal(self, number):
        os.kill(int((self.socket.parent / "run" / "pid").read_text()), number)

    def docker(self, *words):
        return run("docker", "--host", self.host, *words)


@contextlib.contextmanager
def engine_in(directory, *options):
    engine = Engine(directory, *options)
    engine.control("start")
    try:
        assert engine.docker("import", IMAGES / "busybox.tar", "fairlead-test/busybox").returncode == 0
        yield engine
    finally:
        engine.control("stop")


@pytest.fixture
def own_engine(work):
    directory = work / f"engine-{next(own_daemons)}"
    directory.mkdir()
    with engine_in(directory) as engine:
        yield engine
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def engine_with_quotas(work):
    """On a btrfs of its own: with it Docker's storage driver can bound what a container writes."""
    directory = work / f"engine-{next(own_daemons)}"
    directory.mkdir()
    disk = directory.with_suffix(".btrfs")
    with open(disk, "wb") as file:
        file.truncate(1 << 30)
    assert run("mkfs.btrfs", "-q", disk).returncode == 0
    if run("mount", "-o", "loop", disk, directory).returncode:
        pytest.skip("this kernel has no btrfs")
    try:
        with engine_in(directory) as engine:
            yield engine
    finally:
        run("umount", "--lazy", directory)
        disk.unlink()


@pytest.fixture(scope="session")
def quiet_engine(work):
    """One for all tests that count what is left: nobody else's containers and volumes are on it."""
    directory = work / "quiet-engine"
    directory.mkdir()
    with engine_in(directory) as made:
        yield made
    shutil.rmtree(directory, ignore_errors=True)
