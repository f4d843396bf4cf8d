# SPDX-License-Identifier: Apache-2.0
"""The configuration webhook, with real ssh and real servers."""
import base64
import json
import subprocess

import pytest
from conftest import ENGINE, Daemon, own_daemons, run, wait_until
from webhooks import GO_CONFIG, Server, of_the_last_login

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


def test_lists_are_replaced_and_never_emptied(work, hooks):
    daemon = make_daemon(work, hooks, security__command={"mode": "filter", "allow": ["echo one", "echo two"]}).start()
    try:
        for answer, may, may_not in (({"allow": ["echo three"]}, ["echo three"], ["echo one", "echo two"]),
                                     ({"allow": []}, ["echo one", "echo two"], ["echo three"]),
                                     ({"allow": None, "mode": ""}, ["echo two"], ["echo three"])):
            hooks.answer = lambda path, body, answer=answer: (200, {"config": {"security": {"command": answer}}})
            for command in may:
                assert daemon.ssh(command).stdout == command.split()[1].encode() + b"\n", (answer, command)
            for command in may_not:
                refused = daemon.ssh(command)
                assert refused.returncode == 255 and b"Command execution disabled." in refused.stderr, (answer, command)
    finally:
        assert daemon.stop() == 0


def session_count(daemon, user="alice"):
    """How many sessions of one connection may be open at the same time, at most three."""
    import paramiko
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect("127.0.0.1", daemon.port, user, key_filename=str(daemon.key), allow_agent=False, look_for_keys=False)
    opened = 0
    with client:
        held = []
        for _ in range(3):
            try:
                held.append(client.get_transport().open_session())
                opened += 1
            except paramiko.ChannelException as refusal:
                assert refusal.code == 4
    return opened


def test_the_number_of_sessions_is_set_per_login_and_zero_is_nothing(work, hooks):
    for in_file, expected in ((-1, 3), (2, 2)):
        daemon = make_daemon(work, hooks, security__maxSessions=in_file).start()
        try:
            hooks.answer = lambda path, body: (200, {"config": {"security": {"maxSessions": 0}}})
            assert session_count(daemon) == expected
            hooks.answer = lambda path, body: (200, {"config": {"security": {"maxSessions": 1}}})
            assert session_count(daemon) == 1
            hooks.answer = lambda path, body: (200, {})
            assert session_count(daemon) == expected, "of the login before nothing is left"
        finally:
            assert daemon.stop() == 0


def test_rules_are_of_one_user_and_over_those_of_the_users_file(work, hooks):
    rules = {"alice": {"forceCommand": "echo server", "env": {"mode": "disable"}}, "bob": {"shell": {"mode": "enable"}, "maxSessions": 1}}
    hooks.answer = lambda path, body: (200, {"config": {"security": rules.get(body["username"], {})}})
    daemon = make_daemon(work, hooks, security__env={"mode": "enable", "deny": ["B"]})
    key = daemon.users["alice"]["authorizedKeys"]
    own = {"security": {"forceCommand": "echo file", "shell": {"mode": "disable"}, "maxSessions": 2}}
    for user in ("alice", "bob", "carol"):
        daemon.users[user] = {"authorizedKeys": key, **({} if user == "carol" else {"config": own})}
    daemon.start()
    try:
        assert daemon.ssh("ls").stdout == b"server\n", "the server's word is the last"
        assert daemon.ssh("ls", user="bob").stdout == b"file\n", "what it does not mention stays"
        assert run(*daemon.ssh_command(user="bob"), input=b"").stdout == b"file\n", "a shell, as the server says"
        assert session_count(daemon, "bob") == 1
        seen = daemon.ssh("-oSetEnv=A=1 B=2", "echo $A$B", user="carol")
        assert seen.stdout == b"1\n", "the file's rules are nobody else's business"
        assert run(*daemon.ssh_command(), input=b"").returncode == 255, "and alice's shell stays off"
    finally:
        assert daemon.stop() == 0


def test_maps_are_merged_by_key_lists_replaced_and_booleans_not_switched_off(work, hooks):
    daemon = make_daemon(work, hooks)
    daemon.set("backend", "docker")
    daemon.set("docker.execution", {
        "container": {"image": "fairlead-test/nothing", "env": ["A=1", "B=2"], "labels": {"one": "file", "two": "file"}},
        "exposeAuthMetadataAsEnv": True, "subsystems": {"hello": "/bin/false", "other": "/bin/pwd"}})
    answer = {"metadata": {"TEAM": {"value": "blue"}}, "config": {"docker": {"execution": {
        "container": {"Image": "fairlead-test/busybox", "Env": ["C=3"], "Labels": {"two": "server", "three": "server"}},
        "host": None, "exposeAuthMetadataAsEnv": False, "subsystems": {"hello": "/bin/id"}}}}}
    hooks.answer = lambda path, body: (200, answer)
    daemon.backend = "docker"
    daemon.start()
    try:
        held = subprocess.Popen(daemon.ssh_command('echo "$A/$B/$C/$TEAM"; read line'), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert held.stdout.readline() == b"//3/blue\n"
        labels = json.loads(run("docker", "--host", ENGINE, "inspect", *daemon.boxes()).stdout)[0]["Config"]["Labels"]
        assert {name: labels.get(name) for name in ("one", "two", "three")} == {"one": "file", "two": "server", "three": "server"}
        held.communicate(b"\n", timeout=30)
        assert daemon.ssh("-s", "hello").stdout.startswith(b"uid=0") and daemon.ssh("-s", "other").stdout == b"/root\n"
    finally:
        assert daemon.stop() == 0


def test_a_users_own_log_level_needs_no_server(work):
    daemon = Daemon(work / f"conf-{next(own_daemons)}", "oci", "busybox", log__level="notice")
    daemon.users["bob"] = {**daemon.users["alice"], "config": {"log": {"level": "debug"}}}
    daemon.start()
    try:
        assert daemon.ssh("true").returncode == 0
        quiet = set(daemon.codes())
        assert "BACKEND_BOX_STARTED" not in quiet
        assert daemon.ssh("true", user="bob").returncode == 0
        more = [line for line in daemon.log() if line["code"] not in quiet]
        assert "BACKEND_BOX_STARTED" in [line["code"] for line in more]
        assert {line["details"]["username"] for line in more} == {"bob"}
        assert not [line for line in more if line["code"].startswith(("SSH_", "AUTH_"))], "the backend's lines only"
    finally:
        assert daemon.stop() == 0


def test_what_each_server_says_reaches_the_next_and_all_of_it_the_box(work, hooks):
    """services.md sections 0.3 and 1: authentication, authorization, configuration, box."""
    def said(who):
        return {"metadata": {who: {"value": who}, "who": {"value": who}}, "environment": {who.upper(): {"value": who}, "WHO": {"value": who}},
                "files": {f"/tmp/{who}": {"value": base64.b64encode(who.encode()).decode()}, f"/tmp/secret-{who}": {"value": "eA==", "sensitive": True}}}

    hooks.answer = lambda path, body: (200, {**said(path[1:]), **({} if path == "/config" else {"success": True, "authenticatedUsername": path[1:]})})
    hooks.clear()
    daemon = make_daemon(work, hooks, oci__exposeAuthMetadataAsEnv=True)
    daemon.set("auth.publicKey", {"method": "webhook", "webhook": {"url": hooks.url}})
    daemon.set("auth.authz", {"method": "webhook", "webhook": {"url": hooks.url}})
    daemon.start()
    try:
        done = daemon.ssh("echo $PUBKEY $AUTHZ $CONFIG $WHO $who; cat /tmp/pubkey /tmp/authz /tmp/config; cat /tmp/secret-*")
        assert done.stdout == b"pubkey authz config config config\npubkeyauthzconfigxxx", done.stderr
    finally:
        assert daemon.stop() == 0
    assert [path for path, _ in hooks.requests] == ["/pubkey", "/authz", "/config"]
    bodies = [json.loads(text) for _, text in hooks.requests]
    assert [body.get("authenticatedUsername") for body in bodies] == [None, "pubkey", "authz"]
    assert [body["username"] for body in bodies] == ["alice"] * 3 and len({body["connectionId"] for body in bodies}) == 1
    assert [set(body.get("metadata", {})) for body in bodies] == [set(), {"pubkey", "who"}, {"pubkey", "authz", "who"}]
    assert bodies[2]["metadata"]["who"]["value"] == bodies[2]["environment"]["WHO"]["value"] == "authz"
    assert [set(body.get("files", {})) for body in bodies] == [set(), {"/tmp/pubkey"}, {"/tmp/pubkey", "/tmp/authz"}]
