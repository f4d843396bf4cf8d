# SPDX-License-Identifier: Apache-2.0
"""The keys of docker.connection: an engine elsewhere, over TCP and over TLS with certificates inline and in files."""
import contextlib
import itertools
import shutil
import socket
import subprocess
import threading

import pytest
from conftest import BIN, ENGINE, Daemon, engine_in, free_port, run, wait_until
from webhooks import Server

numbers = itertools.count()


class Certificates:
    """An authority, a server of 127.0.0.1 and a client: file names by role."""

    def __init__(self, directory):
        self.directory = directory
        self.make("ca", "-x509", "-addext", "keyUsage=critical,keyCertSign")
        self.issue("server", "subjectAltName=IP:127.0.0.1", "extendedKeyUsage=serverAuth")
        self.issue("client", "extendedKeyUsage=clientAuth")

    def openssl(self, *words):
        done = run("openssl", *words)
        assert done.returncode == 0, done.stderr

    def make(self, name, *words):
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-days", "2",
                     "-keyout", self.key(name), "-out", self.cert(name), *words)

    def issue(self, name, *extensions):
        self.make(name)  # a request, for now
        request = self.directory / f"{name}.csr"
        self.cert(name).rename(request)
        given = self.directory / f"{name}.extensions"
        given.write_text("\n".join(extensions))
        self.openssl("x509", "-req", "-in", request, "-CA", self.cert("ca"), "-CAkey", self.key("ca"), "-CAcreateserial",
                     "-days", "2", "-extfile", given, "-out", self.cert(name))

    def cert(self, name):
        return self.directory / f"{name}.pem"

    def key(self, name):
        return self.directory / f"{name}.key"


@pytest.fixture(scope="module")
def engine(work):
    """One engine with three doors: a socket file, TLS that demands a certificate, and plain TCP."""
    directory = work / f"engine-elsewhere-{next(numbers)}"
    directory.mkdir()
    certificates = Certificates(directory)
    tls = free_port()
    # Whoever sets --tlsverify has TLS at every TCP door; the plain one is made of the socket file.
    options = ["--host", f"tcp://127.0.0.1:{tls}", "--tlsverify", "--tlscacert", certificates.cert("ca"),
               "--tlscert", certificates.cert("server"), "--tlskey", certificates.key("server")]
    with engine_in(directory, *options) as running, plain_door(running.socket) as door:
        running.certificates, running.tls, running.tcp = certificates, f"127.0.0.1:{tls}", door
        yield running
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def hooks():
    server = Server()
    yield server
    server.stop()


@contextlib.contextmanager
def plain_door(path):
    """A TCP port of 127.0.0.1 that leads to a socket file, half-closes included."""
    def copy(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def serve():
        while True:
            try:
                outside, _ = listener.accept()
            except OSError:
                return
            inside = socket.socket(socket.AF_UNIX)
            inside.connect(str(path))
            for pair in (outside, inside), (inside, outside):
                threading.Thread(target=copy, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def make_daemon(work, engine):
    made = []

    def make(connection, **settings):
        daemon = Daemon(work / f"connection-{next(numbers)}", "docker", "busybox", docker__connection=connection, **settings)
        made.append(daemon)
        return daemon.start()

    yield make
    for daemon in made:
        assert daemon.process.poll() is None
        assert daemon.stop() == 0
        left = engine.docker("ps", "-aq", "--filter", f"label=fairlead_instance={daemon.instance}")
        assert left.stdout == b"", "every box is gone"


def tls_connection(engine, scheme="tcp", client="client", inline=True):
    files = {"cacert": engine.certificates.cert("ca"), "cert": engine.certificates.cert(client), "key": engine.certificates.key(client)}
    return {"host": f"{scheme}://{engine.tls}", **{key: path.read_text() if inline else str(path) for key, path in files.items()}}


def serves(daemon):
    data = bytes(range(256)) * 8192
    assert daemon.ssh("cat", input=data).stdout == data
    done = daemon.ssh("-tt", "stty size; exit 5")
    assert done.returncode == 5
    failing = daemon.ssh("echo err >&2; exit 42")
    assert (failing.stderr, failing.returncode) == (b"err\n", 42)


@pytest.mark.parametrize("inline", (True, False), ids=("inline", "files"))
@pytest.mark.parametrize("scheme", ("tcp", "https"))
def test_tls_with_a_certificate_of_ours(engine, make_daemon, scheme, inline):
    serves(make_daemon(tls_connection(engine, scheme, inline=inline)))


@pytest.mark.parametrize("scheme", ("tcp", "http"))
def test_tcp_without_tls(engine, make_daemon, scheme):
    serves(make_daemon({"host": f"{scheme}://{engine.tcp}"}))


def test_a_box_on_an_engine_that_only_an_answer_names_is_removed_after_a_crash(engine, make_daemon, hooks):
    hooks.answer = lambda path, body: (200, {"config": {"docker": {"connection": tls_connection(engine)}}})
    daemon = make_daemon({"host": ENGINE}, configserver__url=hooks.url)  # which has nothing of these boxes
    client = subprocess.Popen(daemon.ssh_command("echo up; exec sleep 1000"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
    assert client.stdout.readline() == b"up\n"
    boxes = lambda: engine.docker("ps", "-aq", "--filter", f"label=fairlead_instance={daemon.instance}").stdout.split()
    assert len(boxes()) == 1
    journal = daemon.directory / "state" / "journal" / daemon.instance
    remembered, = journal.glob("engine-*.json")
    assert remembered.stat().st_mode & 0o777 == 0o600
    daemon.process.kill()
    daemon.process.wait()
    client.wait(30)
    daemon.port = free_port()
    daemon.set("ssh.listen", f"127.0.0.1:{daemon.port}")
    daemon.start()
    wait_until(lambda: not boxes(), 20, "the box is gone")
    wait_until(lambda: not list(journal.glob("docker-*.json")), 20, "and its entry")


def test_a_host_without_a_scheme_is_tcp(engine, make_daemon):
    assert make_daemon({"host": engine.tcp}).ssh("echo hi").stdout == b"hi\n"


def test_without_an_agent_over_tls(engine, make_daemon):
    idle = ["/bin/sh", "-c", "trap exit TERM INT; while :; do sleep 3600 & wait $!; done"]
    daemon = make_daemon(tls_connection(engine), docker__execution__disableAgent=True, docker__execution__idleCommand=idle)
    done = daemon.ssh("head -c 3; echo err >&2; exit 42", input=b"abc")
    assert (done.stdout, done.stderr, done.returncode) == (b"abc", b"err\n", 42)


def refusal_of(work, connection):
    daemon = Daemon(work / f"connection-{next(numbers)}", "docker", "busybox", docker__connection=connection)
    daemon.write()
    done = run(BIN / "fairlead", "serve", "--config", daemon.directory / "config.yaml", timeout=60)
    assert done.returncode != 0
    return (done.stderr + daemon.log_file.read_bytes() if daemon.log_file.exists() else done.stderr).decode()


def test_an_engine_that_does_not_know_us_or_that_we_do_not_know_is_told_at_the_start(engine, work):
    (work / "strangers").mkdir()
    strangers = Certificates(work / "strangers")
    stranger = {"cert": strangers.cert("client").read_text(), "key": strangers.key("client").read_text()}
    # TLS 1.3: the engine looks at our certificate when we already write, and may have hung up by then.
    refused = refusal_of(work, {**tls_connection(engine), **stranger})
    assert "certificate" in refused or "reset by peer" in refused
    assert "certificate" in refusal_of(work, {**tls_connection(engine), "cacert": strangers.cert("ca").read_text()})


@pytest.mark.parametrize("missing", ("cacert", "cert", "key"))
def test_tls_settings_that_are_not_complete_are_refused(engine, work, missing):
    # W3.15: ContainerSSH goes on without TLS.
    connection = tls_connection(engine)
    del connection[missing]
    assert "TLS needs all three of cacert, cert and key" in refusal_of(work, connection)
