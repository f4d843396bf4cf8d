# SPDX-License-Identifier: Apache-2.0
"""Nothing leaks in any mode: the daemon is killed in the middle of a life, and after its next start the engine has what it had.

test_leaks.py walks every call of a life in mode connection, before and after; here the walk is a sample. Each kind of call
that changes something, whatever the mode, once: a death after the engine has done it, when nobody knows. In each mode the
creation, what it does otherwise than others, and its last change. What only asks leaves nothing behind and is passed over.
"""
import base64

import pytest
from conftest import IMAGES, run, wait_until
from guest import import_guest
from proxied import (AGENTLESS, ATTACH, PERSISTENT, SESSION, everything, journal, kind_of, proxied, restart)  # noqa: F401
from registry import Registry
from webhooks import Server

GUEST = "fairlead-test/deaths-guest"
ANSWER = {"files": {"/tmp/token": {"value": base64.b64encode(b"s3cret\n").decode(), "sensitive": True}},
          "environment": {"TEAM": {"value": "blue", "sensitive": False}}}
KINDS = {"session": {**SESSION, **ATTACH}, "session-agentless": {**SESSION, **AGENTLESS},
         "persistent": {**PERSISTENT, **ATTACH}, "persistent-agentless": {**PERSISTENT, **AGENTLESS},
         "image": {"docker__execution__agentLink": "image", "docker__execution__shellCommand": ["/bin/sh"]}}
# Every kind has files from a webhook: each brings them in by other calls.
DEATHS = {"session": (("after", "PUT /containers/*/archive"), ("after", "POST /containers/*/start"), ("after", "DELETE /containers/*")),
          "session-agentless": (("before", "POST /containers/create"), ("after", "PUT /containers/*/archive"),
                                ("after", "POST /containers/*/attach"), ("after", "DELETE /containers/*")),
          "persistent": (("after", "POST /containers/create"), ("after", "PUT /containers/*/archive"),
                         ("after", "POST /containers/*/exec"), ("after", "POST /exec/*/start")),
          "persistent-agentless": (("before", "POST /containers/create"), ("after", "POST /containers/*/start"),
                                   ("after", "POST /exec/*/start")),
          "image": (("after", "POST /containers/create"), ("after", "POST /containers/*/exec"), ("after", "POST /exec/*/start"))}


@pytest.fixture
def hooks():
    server = Server(lambda path, body: (200, ANSWER))
    yield server
    server.stop()


@pytest.fixture
def guest(quiet_engine, work):
    import_guest(quiet_engine.host, work / "deaths-guest.tar", GUEST)
    yield GUEST
    quiet_engine.docker("rmi", "-f", GUEST)


class Walk:
    """Lives of one login each, and deaths in them. `left()` is what the engine has; `stays` says that one box is to stay."""

    def __init__(self, daemon, proxy, engine, stays=False):
        self.daemon, self.proxy, self.engine, self.stays = daemon, proxy, engine, stays

    def live(self):
        """One login until nothing of it runs, or until the daemon dies."""
        ends = self.daemon.codes().count("BACKEND_BOX_REMOVED")
        done = self.daemon.ssh("cat /tmp/token; echo $TEAM")
        wait_until(lambda: self.daemon.process.poll() is not None or
                   self.daemon.codes().count("BACKEND_BOX_REMOVED") > ends, 20, "a life has passed")
        self.proxy.never()
        return done

    def die(self, when, kind):
        """At the first call of this kind in a life."""
        struck = []

        def kill():
            self.daemon.process.kill()
            self.daemon.process.wait()

        def strike(_, call):
            if struck or kind_of(call) != kind:
                return None
            struck.append(call)
            return when, kill

        self.proxy.at(strike)
        self.live()
        assert self.daemon.process.poll() is not None, f"nothing was struck {when} {kind}"
        restart(self.daemon)
        self.check(f"a death {when} {kind}")
        self.clear()

    def check(self, what):
        # Tries to remove what could not be removed come after 1, 3, 7, 15 and 31 seconds.
        if not self.stays:
            wait_until(lambda: not everything(self.engine), 40, f"nothing is left after {what}")
            return
        # An engine that makes a container gives its name to nobody else, and does not show it yet.
        wait_until(lambda: self.daemon.ssh("cat /tmp/token").stdout == b"s3cret\n", 20, f"a login after {what}")
        assert len(self.engine.docker("ps", "-aq").stdout.split()) == 1, f"one box stays after {what}"
        assert not journal(self.daemon), "and is in no journal"

    def clear(self):
        """The next life begins without a box that stays."""
        for name in everything(self.engine) if self.stays else ():
            self.engine.docker("rm", "-f", "-v", name)


@pytest.mark.parametrize("kind", KINDS)
def test_a_daemon_killed_in_any_mode_leaves_nothing(proxied, quiet_engine, hooks, guest, kind):
    daemon, proxy = proxied(configserver__url=hooks.url, **KINDS[kind])
    if kind == "image":
        daemon.set("docker.execution.container.image", guest)
    daemon.start()
    walk = Walk(daemon, proxy, quiet_engine, stays=kind.startswith("persistent"))
    for when, call in DEATHS[kind]:
        walk.die(when, call)
    done = walk.live()
    assert (done.stdout, done.returncode) == (b"s3cret\nblue\n", 0), done.stderr
    walk.check("a whole life")
    walk.clear()
    # Whose creation was asked for and not answered is looked for for a while: the engine may still make it.
    wait_until(lambda: not everything(quiet_engine) and not journal(daemon), 20, "nothing is left")


def test_a_daemon_killed_while_an_image_is_fetched_leaves_nothing(proxied, quiet_engine, hooks):
    registry = Registry(IMAGES / "busybox.tar")
    try:
        daemon, proxy = proxied(configserver__url=hooks.url)
        daemon.set("docker.execution.container.image", registry.image)
        daemon.start()
        walk = Walk(daemon, proxy, quiet_engine)
        walk.die("after", "POST /images/create")  # its first word of progress, long before the end
        assert not quiet_engine.docker("images", "-q", registry.image).stdout
        registry.half.set()
        assert walk.live().stdout == b"s3cret\nblue\n"
        wait_until(lambda: not everything(quiet_engine) and not journal(daemon), 20, "nothing is left")
    finally:
        registry.stop()
        quiet_engine.docker("rmi", "-f", registry.image)
