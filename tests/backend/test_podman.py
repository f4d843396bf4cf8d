# SPDX-License-Identifier: Apache-2.0
"""Where Podman is not like Docker, beyond what the contract says."""
import itertools
import os
import pathlib
import signal

import pytest
from conftest import Backend, e2e, engine_proxy, make_daemon
from kinds import Kind

numbers = itertools.count()


@pytest.fixture
def backend(work, hooks, podman):
    made = []

    def make(**settings):
        daemon = make_daemon(Kind(f"podman-{next(numbers)}", "podman"), work, hooks, podman)
        daemon.engine = podman
        for path, value in settings.items():
            daemon.set(path.replace("__", "."), value)
        made.append(Backend(None, daemon.start()))
        return made[-1]

    yield make
    for backend in made:
        assert backend.daemon.stop() == 0
        assert not backend.daemon.boxes()


def test_a_session_outlives_a_restart_of_the_engine(backend, podman):
    # Docker ends its containers with itself; Podman's have keepers of their own.
    backend = backend()
    client = backend.login("echo up; cat")
    assert client.stdout.readline() == b"up\n"
    linked = [line["details"]["link"] for line in backend.daemon.log() if line["code"] == "DOCKER_LINK"]
    assert linked == ["socket"], "this machine's engine is found to be local"
    directory = pathlib.Path(podman.removeprefix("unix://")).parent
    engine = int((directory / "pid").read_text())
    os.kill(engine, signal.SIGTERM)
    e2e.wait_until(lambda: not pathlib.Path(f"/proc/{engine}").exists(), 10, "the engine has ended")
    refused = backend.daemon.ssh("true")
    assert refused.returncode == 255 and b"The container engine is not running." in refused.stderr, refused.stderr
    assert e2e.run(e2e.ROOT / "scripts/podman-for-tests", "start", directory).returncode == 0
    output, _ = client.communicate(b"still here\n", timeout=20)
    assert (output, client.returncode) == (b"still here\n", 0)
    assert backend.daemon.ssh("echo again").stdout == b"again\n"


def test_limits_hold(backend):
    backend = backend(docker__limits={"memory": "64M", "pids": 64, "disk": "64M"})
    assert "DOCKER_NO_QUOTA" in backend.daemon.codes(), "its refusal of a quota is understood"
    box = backend.daemon.ssh("head -c 300000000 /dev/zero | tail -c 299999999 | wc -c")
    assert b"299999999" not in box.stdout
    written = backend.daemon.ssh("dd if=/dev/zero of=/opt/big bs=1M count=200; sleep 50", timeout=60)
    assert written.returncode == 255 and b"more disk space" in written.stderr, written.stderr


def test_a_missing_image_is_told(backend):
    backend = backend()
    container = {"container": {"image": "fairlead-test/missing"}, "imagePullPolicy": "Never"}
    backend.daemon.users["bob"]["config"] = {"docker": {"execution": container}}
    backend.daemon.write()
    backend.daemon.process.send_signal(signal.SIGHUP)
    e2e.wait_until(lambda: "CORE_CONFIG_RELOADED" in backend.daemon.codes(), 10, "reloaded")
    refused = backend.daemon.ssh("true", user="bob")
    assert refused.returncode == 255 and b"The image of your box is not available." in refused.stderr, refused.stderr


def test_a_read_only_box_is_entered_by_either_link(backend):
    backend = backend(docker__execution__host={"networkMode": "none", "readonlyRootfs": True}, docker__execution__agentLink="attach")
    done = backend.daemon.ssh("touch /opt/x || echo read-only; touch /tmp/x && echo but /tmp")
    assert done.stdout == b"read-only\nbut /tmp\n", "Podman mounts file systems in memory at /tmp, /run and /var/tmp"
    e2e.wait_until(lambda: not backend.daemon.boxes(), 20, "the box is gone")
    assert not backend.engine("volume", "ls", "-q").stdout, "and its anonymous volume"


def journal(daemon):
    return [path.name for path in (daemon.directory / "state" / "journal" / daemon.config["instance"]).glob("*.json")]


def killed_at_a_creation(backend, proxy):
    """Podman has made the box, and nobody has heard of it."""
    struck = []

    def strike(number, call):
        return ("after", lambda: (struck.append(call), backend.daemon.process.kill())) if call.endswith("/create") else None

    proxy.at(strike)
    assert backend.daemon.ssh("true").returncode == 255 and struck
    proxy.never()


def killed_with_a_program(backend, proxy):
    client = backend.login("echo up; exec sleep 1000")
    assert client.stdout.readline() == b"up\n"
    backend.daemon.process.kill()
    assert client.wait(20) == 255


@pytest.mark.parametrize("death", [killed_at_a_creation, killed_with_a_program])
def test_a_killed_daemon_leaves_nothing_after_the_next_start(backend, podman, work, death):
    path = work / f"podman-proxy-{next(numbers)}"
    proxy = engine_proxy.EngineProxy(path, podman.removeprefix("unix://"))
    backend = backend(docker__connection__host=f"unix://{path}", docker__execution__container__volumes={"/data": {}})
    daemon = backend.daemon
    death(backend, proxy)
    daemon.process.wait()
    assert backend.daemon.boxes() and backend.engine("volume", "ls", "-q").stdout, "there is something to find"
    daemon.port = e2e.free_port()
    daemon.set("ssh.listen", f"127.0.0.1:{daemon.port}")
    daemon.start()
    e2e.wait_until(lambda: not daemon.boxes() and not journal(daemon), 40, "the leftover is gone")
    assert not backend.engine("volume", "ls", "-q").stdout, "and its anonymous volume"
    assert daemon.ssh("echo fine").stdout == b"fine\n"
    e2e.wait_until(lambda: not daemon.boxes(), 20, "the box is gone")
    assert daemon.stop() == 0
    proxy.close()
