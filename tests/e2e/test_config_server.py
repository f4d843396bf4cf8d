# SPDX-License-Identifier: Apache-2.0
"""The configuration webhook, with real ssh and real servers."""
import base64
import json
import subprocess

import pytest
from conftest import ENGINE, Daemon, own_daemons, run, wait_until
from webhooks import GO_CONFIG, Server

UNAVAILABLE = b"This login is not available now, please try again later."
WRONG = b"This login is not set up correctly. Please tell the administrator."
IN_DOCKER = {"config": {"backend": "docker", "docker": {"execution": {"container": {"image": "fairlead-test/busybox"}}}}}


@pytest.fixture(scope="module")
def hooks():
    server = Server()
    yield server
    server.stop()


def make_daemon(work, hooks, **settings):
    daemon = Daemon(work / f"conf-{next(own_daemons)}", "oci", "busybox", **settings)
    daemon.set("configserver.url", hooks.url + "/config")
    daemon.set("configserver.timeout", "2s")
    restricted = 'command="echo forced",no-pty ' + daemon.users["alice"]["authorizedKeys"][0]
    daemon.users["forced"] = {"authorizedKeys": [restricted]}
    return daemon


@pytest.fixture(scope="module")
def module_daemon(work, hooks):
    daemon = make_daemon(work, hooks).start()
    yield daemon
    assert daemon.process.poll() is None
    assert daemon.stop() == 0


@pytest.fixture
def daemon(module_daemon, hooks):
    hooks.answer = lambda path, body: (200, {})
    hooks.clear()
    return module_daemon


def of_the_last_login(daemon):
    lines = daemon.log()
    last = [line["details"]["connectionId"] for line in lines if line["code"] == "SSH_CONNECTED"][-1]
    return [line for line in lines if line["details"].get("connectionId") == last]


def codes(daemon):
    return [line["code"] for line in of_the_last_login(daemon)]


def test_one_question_after_the_login_and_before_the_box(daemon, hooks):
    assert daemon.ssh("echo in").stdout == b"in\n"
    [(path, text)] = hooks.requests
    assert path == "/config"
    body = json.loads(text)
    assert list(body) == ["remoteAddress", "connectionId", "clientVersion", "username", "authenticatedUsername"]
    assert body["username"] == body["authenticatedUsername"] == "alice"
    order = codes(daemon)
    assert order.index("SSH_AUTH_SUCCESSFUL") < order.index("CONFIG_REQUEST") < order.index("CONFIG_RESPONSE") < order.index("BACKEND_BOX_STARTED")


def test_a_refused_login_is_not_asked_about(daemon, hooks):
    assert daemon.ssh("true", user="nobody").returncode == 255
    assert hooks.requests == []


def test_the_zero_values_of_a_go_server_change_nothing(daemon, hooks):
    config = {key: value for key, value in GO_CONFIG.items() if key != "listen"}
    zero = {"remoteAddress": "<nil>:0", "connectionId": "", "clientVersion": "", "username": "", "authenticatedUsername": "",
            "metadata": None, "environment": None, "files": None, "config": config}
    hooks.answer = lambda path, body: (200, zero)
    done = daemon.ssh("echo in")
    assert done.stdout == b"in\n", done.stderr
    assert "CONFIG_RESPONSE" in codes(daemon), "debug is still the level"


def test_500_twice_then_200(daemon, hooks):
    answers = iter([(500, {}), (500, "")])
    hooks.answer = lambda path, body: next(answers, (200, {}))
    assert daemon.ssh("echo in").stdout == b"in\n"
    assert len(hooks.requests) == 3
    failures = [line["details"]["reason"] for line in of_the_last_login(daemon) if line["code"] == "CONFIG_BACKEND_ERROR"]
    assert failures == ["CONFIG_INVALID_STATUS_CODE", "HTTP_CLIENT_DECODE_FAILED"]


@pytest.mark.parametrize("answer", [{"colour": 1}, {"success": True}, {"config": []}, "<html>", "", '{"config":{}'], ids=str)
def test_an_answer_that_means_nothing_refuses_the_login(daemon, hooks, answer):
    hooks.answer = lambda path, body: (200, answer)
    refused = daemon.ssh("echo in")
    assert refused.returncode == 255 and refused.stdout == b"" and UNAVAILABLE in refused.stderr
    assert len(hooks.requests) == 3
    assert {"CONFIG_BACKEND_ERROR", "SSH_BACKEND_REJECTED_HANDSHAKE"} <= set(codes(daemon))


@pytest.mark.parametrize("config", [{"backend": "nope"}, {"backend": 7}, {"dcoker": {"x": 1}}, {"security": {"defaultMode": "sometimes"}}],
                         ids=str)
def test_a_configuration_that_is_not_valid_refuses_the_login_at_once(daemon, hooks, config):
    hooks.answer = lambda path, body: (200, {"config": config})
    refused = daemon.ssh("echo in")
    assert refused.returncode == 255 and refused.stdout == b"" and WRONG in refused.stderr
    assert len(hooks.requests) == 1
    assert {"BACKEND_CONFIG_ERROR", "SSH_BACKEND_REJECTED_HANDSHAKE"} <= set(codes(daemon))


def test_a_server_that_is_down_refuses_the_login(work):
    dead = Server()
    daemon = make_daemon(work, dead)
    daemon.start()
    try:
        # It says that no attempt will fit into the 60 s.
        dead.answer = lambda path, body: (503, lambda handler: handler.reply(503, {}, Retry_After="100"))
        refused = daemon.ssh("echo in")
        assert refused.returncode == 255 and UNAVAILABLE in refused.stderr and len(dead.requests) == 1
        last = [line for line in of_the_last_login(daemon) if line["code"] == "CONFIG_BACKEND_ERROR"][-1]
        assert last["level"] == "error" and last["details"]["reason"] == "CONFIG_INVALID_STATUS_CODE"
    finally:
        dead.stop()
        assert daemon.stop() == 0


def test_a_client_that_leaves_ends_the_question(daemon, hooks):
    hooks.answer = lambda path, body: (200, lambda handler: handler.wait_for_hangup(10))
    hung_up = hooks.hangups
    ssh = subprocess.Popen(daemon.ssh_command("true"), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: hooks.requests, 10, "the server is asked")
    ssh.kill()
    ssh.wait()
    wait_until(lambda: hooks.hangups > hung_up, 1.9, "the request is given up before its own limit")


def test_log_level_of_one_login(work, hooks):
    daemon = make_daemon(work, hooks, log__level="notice")
    daemon.start()
    try:
        hooks.answer = lambda path, body: (200, {"config": {"log": {"level": 7 if body["username"] == "forced" else ""}}})
        assert daemon.ssh("true").returncode == 0
        quiet = set(daemon.codes())
        assert not quiet & {"SSH_AUTH_SUCCESSFUL", "BACKEND_BOX_STARTED"}
        assert daemon.ssh("true", user="forced").returncode == 0
        assert daemon.ssh("true").returncode == 0
        more = [line for line in daemon.log() if line["code"] not in quiet]
        assert "BACKEND_BOX_STARTED" in [line["code"] for line in more]
        assert {line["details"]["username"] for line in more} == {"forced"}
        assert not [line for line in more if line["code"].startswith(("SSH_", "CONFIG_"))], "the backend's lines only"
    finally:
        assert daemon.stop() == 0


def test_other_sections_are_without_effect_and_that_is_told(daemon, hooks):
    hooks.answer = lambda path, body: (200, {"config": {"ssh": {"banner": "no"}, "auth": {"unheard": {"of": 1}}}})
    done = daemon.ssh("echo in")
    assert done.stdout == b"in\n", done.stderr
    assert "CONFIG_WITHOUT_EFFECT" in codes(daemon)


def test_restrictions_of_a_key_hold_whatever_the_server_says(daemon, hooks):
    hooks.answer = lambda path, body: (200, {"config": {"security": {"forceCommand": "", "tty": {"mode": "enable"}}}})
    assert daemon.ssh("echo free", user="forced").stdout == b"forced\n"
    denied = daemon.ssh("-tt", "echo free", user="forced")
    assert b"PTY allocation request failed" in denied.stderr


def test_metadata_of_a_login_is_sent_and_sensitive_entries_only_on_request(work, hooks):
    secret, public = {"value": "s3cr3t", "sensitive": True}, {"value": "blue", "sensitive": False}

    def answer(path, body):
        return (200, {}) if path == "/config" else (200, {"success": True, "authenticatedUsername": "ada@example.org",
                                                          "metadata": {"team": public, "token": secret}})

    hooks.answer = answer
    for transmit in (False, True):
        hooks.clear()
        daemon = make_daemon(work, hooks, configserver__transmitSensitiveMetadata=transmit)
        daemon.set("auth.publicKey", {"method": "webhook", "webhook": {"url": hooks.url}})
        daemon.start()
        try:
            assert daemon.ssh("echo in").stdout == b"in\n"
            [body] = hooks.of("/config")
            assert body["authenticatedUsername"] == "ada@example.org"
            assert body["metadata"] == ({"team": public, "token": secret} if transmit else {"team": public})
            assert "s3cr3t" not in daemon.log_file.read_text()
        finally:
            assert daemon.stop() == 0


def test_a_backend_that_the_file_does_not_name_starts_when_it_is_chosen(daemon, hooks):
    hooks.answer = lambda path, body: (200, IN_DOCKER)
    assert daemon.ssh("echo in").stdout == b"in\n"
    assert {"BACKEND_STARTING", "BACKEND_BOX_STARTED"} <= set(daemon.codes())
    assert [line["details"]["backend"] for line in of_the_last_login(daemon) if line["code"] == "BACKEND_BOX_STARTED"] == ["docker"]
    assert daemon.ssh("echo again").stdout == b"again\n"
    assert daemon.codes().count("BACKEND_STARTING") == 1
    hooks.answer = lambda path, body: (200, {})
    assert daemon.ssh("echo file").stdout == b"file\n"
    assert [line["details"]["backend"] for line in of_the_last_login(daemon) if line["code"] == "BACKEND_BOX_STARTED"] == ["oci"]
    listing = ["docker", "--host", ENGINE, "ps", "-aq", "--filter", f"label=fairlead_instance={daemon.instance}"]
    wait_until(lambda: run(*listing).stdout == b"", 20, "the box is gone")


def test_a_backend_that_cannot_start_is_told_and_the_others_go_on(daemon, hooks):
    hooks.answer = lambda path, body: (200, {"config": {**IN_DOCKER["config"], "docker": {
        "connection": {"host": "unix:///nowhere"}, "execution": {"container": {"image": "fairlead-test/busybox"}}}}})
    refused = daemon.ssh("echo in")
    assert refused.returncode == 255 and refused.stdout == b""
    assert "SSH_BACKEND_REJECTED_HANDSHAKE" in codes(daemon)
    hooks.answer = lambda path, body: (200, {})
    assert daemon.ssh("echo in").stdout == b"in\n"


def test_environment_and_files_reach_the_box(daemon, hooks):
    text = base64.b64encode(b"content\n").decode()
    hooks.answer = lambda path, body: (200, {"environment": {"COLOUR": {"value": "a b", "sensitive": True}},
                                             "files": {"/tmp/made/here": {"value": text}}})
    done = daemon.ssh("echo $COLOUR; cat /tmp/made/here; stat -c %a /tmp/made/here")
    assert done.stdout == b"a b\ncontent\n600\n", done.stderr
