# SPDX-License-Identifier: Apache-2.0
"""ContainerSSH 0.4's way to configure authentication, `auth.url` with its switches, with real ssh and a real server."""
import pytest
from conftest import BIN, Daemon, own_daemons, run
from password_login import login
from webhooks import Server


@pytest.fixture
def hooks():
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def serve(work):
    """Starts a daemon with this section `auth`."""
    made = []

    def make(**auth):
        daemon = Daemon(work / f"old-{next(own_daemons)}", "oci", "busybox")
        daemon.config["auth"] = auth
        made.append(daemon)
        return daemon.start()
    yield make
    for daemon in made:
        assert daemon.stop() == 0


def paths(hooks):
    return [path for path, _ in hooks.requests]


def deprecations(daemon):
    return [line for line in daemon.log() if line["code"] == "CONFIG_AUTH_URL_DEPRECATED"]


@pytest.mark.parametrize("switches", [{}, {"password": True, "pubkey": True}, {"authTimeout": "5s", "timeout": "1s"}], ids=str)
def test_one_server_for_passwords_and_keys(serve, hooks, switches):
    daemon = serve(url=hooks.url + "/prefix", **switches)
    assert login(daemon).stdout == b"in\n" and paths(hooks) == ["/prefix/password"]
    assert daemon.ssh("echo in").stdout == b"in\n" and paths(hooks) == ["/prefix/password", "/prefix/pubkey"]
    [told] = deprecations(daemon)
    assert told["level"] == "warning"
    for new_form in ("password: {method: webhook", "publicKey: {method: webhook"):
        assert new_form in told["message"]


@pytest.mark.parametrize("off, left", [("password", b"publickey"), ("pubkey", b"password")])
def test_a_method_that_is_switched_off_is_neither_offered_nor_asked_about(serve, hooks, off, left):
    """W9.2: ContainerSSH enables both, whatever the switches say."""
    daemon = serve(url=hooks.url, **{off: False})
    by_password, by_key = login(daemon), daemon.ssh("echo in")
    refused, admitted = (by_password, by_key) if off == "password" else (by_key, by_password)
    assert admitted.stdout == b"in\n"
    assert refused.returncode == 255 and b"Permission denied (" + left + b")" in refused.stderr
    assert paths(hooks) == ["/pubkey" if off == "password" else "/password"]


def test_both_switched_off_is_no_authentication(serve, hooks, tmp_path):
    daemon = Daemon(tmp_path / "none", "oci", "busybox")
    daemon.config["auth"] = {"url": hooks.url, "password": False, "pubkey": False}
    daemon.write()
    done = run(BIN / "fairlead", "serve", "--config", daemon.directory / "config.yaml")
    assert done.returncode == 1 and b"no authentication method configured" in done.stderr


def test_the_new_form_of_a_method_wins(serve, hooks):
    """ContainerSSH refuses this mixture, or lets the old URL win."""
    new = Server()
    daemon = serve(url=hooks.url, password={"method": "webhook", "webhook": {"url": new.url}})
    assert login(daemon).stdout == b"in\n" and daemon.ssh("echo in").stdout == b"in\n"
    assert (paths(new), paths(hooks)) == (["/password"], ["/pubkey"])
    new.stop()


def test_the_clients_keys_beside_the_url_count_for_both(serve, hooks):
    def answer(path, body):
        if path.startswith("/there"):
            return 200, {"success": True}
        return 307, lambda handler: handler.reply(307, "", Location="/there" + path)

    hooks.answer = answer
    daemon = serve(url=hooks.url, allowRedirects=True)
    assert login(daemon).stdout == b"in\n" and daemon.ssh("echo in").stdout == b"in\n"
    assert paths(hooks) == ["/password", "/there/password", "/pubkey", "/there/pubkey"]
