# SPDX-License-Identifier: Apache-2.0
"""Daemons whose calls of their engine go through a proxy, and what may be left of them when a test is over: nothing."""
import contextlib
import re
import subprocess
import threading

import pytest
from conftest import Daemon, free_port, own_daemons
from engine_proxy import EngineProxy

# The first process of a box without an agent: it ends when it is asked to, and at once.
IDLE = ["/bin/sh", "-c", "trap exit TERM INT; while :; do sleep 3600 & wait $!; done"]
AGENTLESS = {"docker__execution__disableAgent": True, "docker__execution__idleCommand": IDLE}
PERSISTENT = {"docker__execution__mode": "persistent", "docker__execution__createMissingContainers": True,
              "docker__execution__stopAfterIdle": "0s"}
SESSION = {"docker__execution__mode": "session"}
ATTACH = {"docker__execution__agentLink": "attach"}


def everything(engine):
    """What an engine has of containers, running or not, and of volumes."""
    containers = engine.docker("ps", "-aq", "--no-trunc").stdout.decode().split()
    volumes = engine.docker("volume", "ls", "-q").stdout.decode().split()
    return containers + volumes


def journal(daemon):
    return [path.name for path in (daemon.directory / "state" / "journal" / daemon.instance).glob("*.json")]


def restart(daemon):
    """On another port: somebody's outgoing connection may have got the old one meanwhile."""
    daemon.port = free_port()
    daemon.set("ssh.listen", f"127.0.0.1:{daemon.port}")
    return daemon.start()


@pytest.fixture
def proxied(work, quiet_engine):
    """Makes daemons whose calls go through a proxy; nothing of theirs may be left."""
    made = []

    def make(**settings):
        name = f"proxied-{next(own_daemons)}"
        proxy = EngineProxy(work / f"{name}.sock", quiet_engine.socket)
        daemon = Daemon(work / name, "docker", "busybox", docker__connection={"host": f"unix://{work / name}.sock"},
                        **settings)
        # An anonymous volume: it has to go with its box.
        daemon.config["docker"]["execution"]["container"]["volumes"] = {"/data": {}}
        made.append((daemon, proxy))
        return daemon, proxy

    yield make
    for daemon, proxy in made:
        proxy.never()
        proxy.release()
        with contextlib.suppress(subprocess.TimeoutExpired):
            daemon.stop()
        if daemon.process and daemon.process.poll() is None:
            daemon.process.kill()
        proxy.close()
    left = everything(quiet_engine)
    for name in left:
        quiet_engine.docker("rm", "-f", "-v", name)
    assert not left


def start(daemon, *command, user="alice"):
    return subprocess.Popen(daemon.ssh_command(*command, user=user), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


def kind_of(call):
    """A call without what is different each time: "POST /containers/*/start"."""
    return re.sub(r"/(containers|exec)/(?!(create|json)$)[^/]+", r"/\1/*", re.sub(r"(?<= )/v1\.\d+", "", call))


class Gate:
    """Holds the first call of a kind, and no other, until it is opened."""

    def __init__(self, proxy, kind):
        self.reached = threading.Event()
        self.opened = threading.Event()
        self.kind = kind
        proxy.at(self.strike)

    def strike(self, _, call):
        return None if self.reached.is_set() or kind_of(call) != self.kind else ("before", self.hold)

    def hold(self):
        self.reached.set()
        self.opened.wait()
