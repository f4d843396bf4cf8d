# SPDX-License-Identifier: Apache-2.0
"""Authentication and authorization by webhooks, with real ssh and real servers. What is behind the login does not matter: oci."""
import base64
import concurrent.futures
import contextlib
import json
import os
import pathlib
import random
import signal
import subprocess
import time

import pytest
from conftest import BIN, PASSWORD, Daemon, own_daemons, run, wait_until
from password_login import by_password, login
from webhooks import MISBEHAVIOUR, Server, askpass, decoded, of_the_last_login

BUDGET = 1.2  # seconds, of the shared daemon's webhooks


@pytest.fixture(scope="module")
def hooks():
    server = Server(by_password)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def module_daemon(work, hooks):
    daemon = Daemon(work / f"hooks-{next(own_daemons)}", "oci", "busybox")
    webhook = {"url": hooks.url, "timeout": "400ms", "authTimeout": f"{int(BUDGET * 1000)}ms"}
    daemon.set("auth", {name: {"method": "webhook", "webhook": webhook} for name in ("password", "publicKey", "authz")})
    daemon.start()
    yield daemon
    assert daemon.process.poll() is None
    assert daemon.stop() == 0


@pytest.fixture
def daemon(module_daemon, hooks):
    hooks.answer = by_password
    hooks.clear()
    return module_daemon


def test_a_password_is_the_servers_matter(daemon, hooks):
    assert login(daemon).stdout == b"in\n"
    (path, text), (then, _) = hooks.requests
    body = json.loads(text)
    assert (path, then) == ("/password", "/authz")
    assert list(body) == ["remoteAddress", "connectionId", "clientVersion", "username", "passwordBase64"]
    assert body["remoteAddress"].startswith("127.0.0.1:") and body["username"] == "ada"
    assert body["clientVersion"].startswith("SSH-2.0-OpenSSH_") and base64.b64decode(body["passwordBase64"]).decode() == PASSWORD
    assert len(body["connectionId"]) == 32 and set(body["connectionId"]) <= set("0123456789abcdef")
    assert text.endswith("}\n") and ": " not in text, "compact, a line feed at the end"
    assert hooks.headers[0]["Content-Type"] == hooks.headers[0]["Accept"] == "application/json"
    codes = [line["code"] for line in of_the_last_login(daemon)]
    assert {"AUTH", "AUTH_SUCCESSFUL", "SSH_AUTH_SUCCESSFUL"} <= set(codes)
    # The id is everywhere the same.
    assert of_the_last_login(daemon)[0]["details"]["connectionId"] == body["connectionId"] == hooks.of("/authz")[0]["connectionId"]


def test_a_wrong_password_is_asked_about_once(daemon, hooks):
    refused = login(daemon, "wrong")
    assert refused.returncode == 255 and b"Permission denied (publickey,password)" in refused.stderr
    assert [path for path, _ in hooks.requests] == ["/password"]
    assert "SSH_AUTH_FAILED" in [line["code"] for line in of_the_last_login(daemon)]


@pytest.mark.parametrize("password", [b"\xff\xfe binary \x80", "p\u00e4ss \u20ac <&>".encode(), b"q" * 1000], ids=["binary", "utf8", "long"])
def test_passwords_of_any_bytes_arrive_as_they_are(daemon, hooks, password):
    hooks.answer = lambda path, body: (200, {"success": path != "/password" or base64.b64decode(body["passwordBase64"]) == password})
    assert login(daemon, password).stdout == b"in\n"


@pytest.mark.parametrize("kind", [["-t", "ed25519"], ["-t", "ecdsa"], ["-t", "rsa", "-b", "2048"]], ids=["ed25519", "ecdsa", "rsa"])
def test_a_key_is_asked_about_once_for_query_and_signature(daemon, hooks, tmp_path, kind):
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", *kind, "-N", "", "-C", "a comment", "-f", key], check=True)
    line = " ".join(key.with_suffix(".pub").read_text().split()[:2])
    hooks.answer = lambda path, body: (200, {"success": path == "/authz" or body.get("publicKey") == line})
    daemon_key, daemon.key = daemon.key, key
    try:
        assert daemon.ssh("echo in", user="ada").stdout == b"in\n"
    finally:
        daemon.key = daemon_key
    (path, text), (then, _) = hooks.requests
    assert (path, then) == ("/pubkey", "/authz")
    assert list(json.loads(text)) == ["remoteAddress", "connectionId", "clientVersion", "username", "publicKey"]


def test_authorization_waits_for_the_signature(daemon, hooks, tmp_path):
    """CVE-2024-45337: a key that is only asked about is not authorized, and nothing of it is remembered."""
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    mine = daemon.key.with_suffix(".pub").read_text().split()[1]

    def answer(path, body):
        if path == "/authz":
            return 200, {"success": True}
        owner = "mine" if body["publicKey"].split()[1] == mine else "other"
        return 200, {"success": True, "authenticatedUsername": owner, "metadata": {owner: {"value": "x"}}}

    hooks.answer = answer
    # ssh asks about `other` and cannot sign with it: its private half is another key's.
    (tmp_path / "fake").write_bytes(daemon.key.read_bytes())
    (tmp_path / "fake").chmod(0o600)
    (tmp_path / "fake.pub").write_bytes(other.with_suffix(".pub").read_bytes())
    done = run("ssh", "-F", "/dev/null", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-i", tmp_path / "fake", "-i", daemon.key,
               "-o", f"UserKnownHostsFile={daemon.directory / 'known_hosts'}", "-p", daemon.port, "ada@127.0.0.1", "echo in")
    asked = [json.loads(text)["publicKey"].split()[1] == mine for path, text in hooks.requests if path == "/pubkey"]
    if done.returncode == 0:  # newer clients notice that the halves do not fit and go on with the next key
        assert asked[-1] is True
        [authz] = hooks.of("/authz")
        assert authz["authenticatedUsername"] == "mine" and set(authz["metadata"]) == {"mine"}
    else:
        assert hooks.of("/authz") == []


def test_a_certificate_is_sent_as_such_and_its_restrictions_hold(daemon, hooks, tmp_path):
    for name in ("ca", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)

    def certify(*options):
        subprocess.run(["ssh-keygen", "-q", "-s", tmp_path / "ca", "-I", "id", "-n", "ada", *options, tmp_path / "user.pub"], check=True)
        hooks.clear()
        return run("ssh", "-F", "/dev/null", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-i", tmp_path / "user",
                   "-o", f"UserKnownHostsFile={daemon.directory / 'known_hosts'}", "-p", daemon.port, "ada@127.0.0.1", "echo in")

    hooks.answer = lambda path, body: (200, {"success": path == "/authz" or "-cert-v01@" in body["publicKey"]})
    assert certify().stdout == b"in\n"
    line = (tmp_path / "user-cert.pub").read_text().split()
    assert hooks.of("/pubkey")[-1]["publicKey"] == " ".join(line[:2]), "ssh asks about the plain key first"
    assert certify("-O", "force-command=echo forced").stdout == b"forced\n"
    for options in (["-O", "source-address=192.0.2.0/24"], ["-V", "20200101:20210101"], ["-O", "critical:unheard-of=1"]):
        assert certify(*options).returncode == 255, options
        assert all("-cert-" not in body["publicKey"] for body in hooks.of("/pubkey")), "nobody is asked about it"


def test_metadata_goes_on_to_authorization_but_nothing_sensitive(daemon, hooks):
    secret, public = {"value": "s3cr3t", "sensitive": True}, {"value": "blue"}

    def answer(path, body):
        if path == "/password":
            return 200, {"success": True, "authenticatedUsername": "ada@example.org", "username": "root",
                         "metadata": {"team": public, "token": secret}, "environment": {"A": public, "B": secret},
                         "files": {"/x/y": {"value": base64.b64encode(b"\0\xff").decode()}, "/x/z": {"value": "", "sensitive": True}}}
        return 200, {"success": True}

    hooks.answer = answer
    assert login(daemon).stdout == b"in\n"
    [(_, text)] = [request for request in hooks.requests if request[0] == "/authz"]
    assert "s3cr3t" not in text and "passwordBase64" not in text
    body = json.loads(text)
    assert list(body) == ["remoteAddress", "connectionId", "metadata", "environment", "files", "clientVersion", "username",
                          "authenticatedUsername"]
    assert body["metadata"] == {"team": {"value": "blue", "sensitive": False}}
    assert body["environment"] == {"A": {"value": "blue", "sensitive": False}}
    assert body["files"] == {"/x/y": {"value": "AP8=", "sensitive": False}}
    assert body["username"] == "ada" and body["authenticatedUsername"] == "ada@example.org"


def test_what_a_failed_attempt_brought_is_gone(daemon, hooks):
    hooks.answer = lambda path, body: (200, {"success": path == "/authz" or decoded(body) == PASSWORD, "authenticatedUsername": "",
                                             "metadata": {"said": {"value": decoded(body)}} if path != "/authz" else {}})
    import paramiko
    with paramiko.Transport(("127.0.0.1", daemon.port)) as client:
        client.start_client(timeout=10)
        for wrong in ("one", "two"):
            with pytest.raises(paramiko.AuthenticationException):
                client.auth_password("ada", wrong, fallback=False)
        client.auth_password("ada", PASSWORD, fallback=False)
        assert client.is_authenticated()
    [authz] = hooks.of("/authz")
    assert authz["metadata"] == {"said": {"value": PASSWORD, "sensitive": False}} and "authenticatedUsername" not in authz


def test_authorization_denies_and_the_client_may_try_again(daemon, hooks):
    hooks.answer = lambda path, body: (200, {"success": path == "/password"})
    denied = login(daemon, PASSWORD, "ada", "-o", "NumberOfPasswordPrompts=3")
    assert denied.returncode == 255 and b"Permission denied" in denied.stderr
    assert len(hooks.of("/authz")) == 3
    reasons = [line["details"]["reason"] for line in of_the_last_login(daemon) if line["code"] == "SSH_AUTH_FAILED"]
    assert reasons.count("authorization: the webhook refused") == 3
    assert "SSH_AUTH_SUCCESSFUL" not in [line["code"] for line in of_the_last_login(daemon)]


def test_six_failures_disconnect(daemon, hooks):
    refused = login(daemon, "wrong", "ada", "-o", "NumberOfPasswordPrompts=9")
    assert b"Too many authentication failures" in refused.stderr and len(hooks.of("/password")) == 6


def test_go_servers_and_odd_spellings_are_understood(daemon, hooks):
    hooks.answer = lambda path, body: (200, '\n{"remoteAddress":"<nil>:0","connectionId":"","metadata":null,"environment":null,"files":null,'
                                            '"clientVersion":"","username":"","authenticatedUsername":"","SUCCESS":true} trailing {')
    assert login(daemon).stdout == b"in\n"


def test_unknown_members_are_told_and_tolerated(daemon, hooks):
    hooks.answer = lambda path, body: (200, {"success": True, "colour": "s3cr3t"})
    assert login(daemon).stdout == b"in\n"
    told = [line for line in of_the_last_login(daemon) if line["code"] == "AUTH_UNKNOWN_MEMBER"]
    assert told[0]["details"]["member"] == "colour" and "s3cr3t" not in daemon.log_file.read_text()


@pytest.mark.parametrize("how", MISBEHAVIOUR)
def test_nothing_but_a_clear_yes_lets_anybody_in(daemon, hooks, how):
    hooks.answer = lambda path, body: MISBEHAVIOUR[how]
    begin = time.monotonic()
    refused = login(daemon)
    took = time.monotonic() - begin
    assert refused.returncode == 255 and b"in\n" not in refused.stdout and b"Permission denied" in refused.stderr
    assert took < 3 * BUDGET + 1.5, "the budget holds, and our own delay of refusals after it"
    last = [line for line in of_the_last_login(daemon) if line["code"] in ("SSH_AUTH_FAILED", "SSH_AUTH_UNAVAILABLE")][-1]
    clear_no = how in ("nothing", "null success", "last wins")
    assert last["code"] == ("SSH_AUTH_FAILED" if clear_no else "SSH_AUTH_UNAVAILABLE")
    if not clear_no:
        assert (len(hooks.requests) > 1) == (how not in ("403", "404")), "what may pass is tried again, what is final is not"
        errors = [line for line in of_the_last_login(daemon) if line["code"] == "AUTH_BACKEND_ERROR" and line["level"] == "error"]
        assert len(errors) == 1 and errors[0]["details"]["reason"] == last["details"]["reason"]
        expected = {"redirect": "HTTP_CLIENT_REDIRECTS_DISABLED"}.get(how)
        if how in ("500", "404", "403", "429", "201"):
            expected = "AUTH_INVALID_STATUS"
        if how in ("slow", "truncated", "cut", "no http", "reset"):
            expected = "HTTP_CLIENT_CONNECTION_FAILED"
        assert last["details"]["reason"] == (expected or "HTTP_CLIENT_DECODE_FAILED")


def test_a_server_that_recovers_within_the_budget_lets_in(daemon, hooks):
    answers = iter([(500, {}), (500, "<html>")])
    hooks.answer = lambda path, body: next(answers, (200, {"success": True}))
    assert login(daemon).stdout == b"in\n"
    assert len(hooks.of("/password")) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 413, 422])
def test_what_is_final_is_asked_once(daemon, hooks, status):
    hooks.answer = lambda path, body: (status, {})
    begin = time.monotonic()
    assert login(daemon).returncode == 255
    assert len(hooks.requests) == 1 and time.monotonic() - begin < BUDGET


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_asks_for_patience_is_asked_again(daemon, hooks, status):
    answers = iter([(status, {})])
    hooks.answer = lambda path, body: next(answers, (200, {"success": True}))
    assert login(daemon).stdout == b"in\n"
    assert [path for path, _ in hooks.requests] == ["/password", "/password", "/authz"]


def test_a_mistake_is_not_retried_for_the_whole_budget(daemon, hooks):
    hooks.answer = lambda path, body: (200, "<html>")
    assert login(daemon).returncode == 255
    assert len(hooks.requests) == 3


SORRY = b"Authentication is currently unavailable, please try again later."


def test_a_refusal_because_nobody_could_be_asked_is_explained_once(daemon, hooks, tmp_path):
    hooks.answer = lambda path, body: (403, {})
    refused = login(daemon, PASSWORD, "ada", "-o", "NumberOfPasswordPrompts=3")
    assert refused.returncode == 255 and refused.stderr.count(SORRY) == 1
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    assert daemon.ssh(f"-oIdentityFile={tmp_path / 'other'}", "true", user="ada").stderr.count(SORRY) == 1, "two keys, one sentence"
    for answer in ({"success": False}, {}):
        hooks.answer = lambda path, body, answer=answer: (200, answer)
        assert SORRY not in login(daemon).stderr, "a no is a no"
    # Whoever hears that authorization cannot be had knows that the password was right.
    hooks.answer = lambda path, body: (403 if path == "/authz" else 200, {"success": True})
    assert SORRY not in login(daemon).stderr
    assert hooks.of("/authz")


def test_an_entry_that_no_box_can_have_is_left_out_and_told(daemon, hooks):
    yes = {"success": True, "environment": {"A=B": {"value": "s3cr3t"}, "": {"value": "x"}, "N": {"value": "s3cr3t\0"}, "GOOD": {"value": "fine"}},
           "files": {"/etc/../etc/shadow": {"value": "czNjcjN0"}, "etc/shadow": {"value": ""}, "/tmp/": {"value": ""},
                     "/tmp/good": {"value": "ZmluZQ=="}}}
    hooks.answer = lambda path, body: (200, yes if path == "/password" else {"success": True})
    assert login(daemon, command="echo $GOOD; cat /tmp/good; env | grep -c s3cr3t").stdout == b"fine\nfine0\n"
    told = [line["message"] for line in of_the_last_login(daemon) if line["code"] == "WEBHOOK_ENTRY_SKIPPED"]
    assert len(told) == 6 and all(line.startswith("The webhook's answer has an entry that is left out: entry ") for line in told)
    for name in ("entry A=B of environment", "entry N of environment", "entry etc/shadow of files", "entry /etc/../etc/shadow of files"):
        assert sum(name in line for line in told) == 1, name
    assert "s3cr3t" not in daemon.log_file.read_text()
    [authz] = hooks.of("/authz")
    assert set(authz["environment"]) == {"GOOD"} and set(authz["files"]) == {"/tmp/good"}


TOKEN = BIN / "conformance_token.so"  # a FIDO token in software


@pytest.mark.parametrize("kind", ["ed25519-sk", "ecdsa-sk"])
def test_a_key_in_a_fido_token_is_asked_about_as_it_is(daemon, hooks, tmp_path, kind):
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-w", TOKEN, "-N", "", "-C", "a comment", "-f", key], check=True)
    line = " ".join(key.with_suffix(".pub").read_text().split()[:2])
    assert line.startswith("sk-")
    hooks.answer = lambda path, body: (200, {"success": path == "/authz" or body.get("publicKey") == line})
    done = run("ssh", "-F", "/dev/null", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", f"SecurityKeyProvider={TOKEN}",
               "-o", f"UserKnownHostsFile={daemon.directory / 'known_hosts'}", "-p", daemon.port, "ada@127.0.0.1", "echo in")
    assert done.stdout == b"in\n", done.stderr
    (path, text), (then, _) = hooks.requests
    assert (path, then) == ("/pubkey", "/authz")
    assert list(json.loads(text)) == ["remoteAddress", "connectionId", "clientVersion", "username", "publicKey"]


def test_revoked_keys_are_refused_though_no_method_is_local(work, hooks, tmp_path):
    hooks.answer = lambda path, body: (200, {"success": True})
    hooks.clear()
    daemon = Daemon(work / f"hooks-{next(own_daemons)}", "oci", "busybox")
    revoked = tmp_path / "revoked"
    revoked.write_text(daemon.key.with_suffix(".pub").read_text())
    daemon.config["auth"] = {"publicKey": {"method": "webhook", "webhook": {"url": hooks.url}}, "local": {"revokedKeys": str(revoked)}}
    daemon.start()
    try:
        assert daemon.ssh("echo in").returncode == 255 and hooks.requests == []
        assert "revoked" in [line["details"].get("reason") for line in of_the_last_login(daemon) if line["code"] == "SSH_AUTH_FAILED"]
        revoked.unlink()
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "CORE_CONFIG_RELOADED" in daemon.codes(), 10, "the list is read again")
        assert daemon.ssh("echo in").returncode == 255, "a list that cannot be read admits nobody"
        assert any("revokedKeys" in line["message"] for line in daemon.log() if line["code"] == "AUTH_USERS_FILE")
        revoked.write_text("")
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: daemon.codes().count("CORE_CONFIG_RELOADED") == 2, 10, "the list is read again")
        assert daemon.ssh("echo in").stdout == b"in\n"
    finally:
        assert daemon.stop() == 0


def test_retry_after_is_honoured(daemon, hooks):
    hooks.answer = lambda path, body: (503, lambda handler: handler.reply(503, {}, Retry_After="3600"))
    begin = time.monotonic()
    assert login(daemon).returncode == 255
    assert len(hooks.requests) == 1 and time.monotonic() - begin < BUDGET, "no attempt fits: it is over at once"


def test_a_client_that_leaves_takes_its_request_along(daemon, hooks):
    hooks.answer = lambda path, body: (200, lambda handler: handler.wait_for_hangup())
    before, hung_up = len(hooks.requests), hooks.hangups
    ssh = subprocess.Popen(["ssh", "-F", "/dev/null", "-o", "PubkeyAuthentication=no", "-p", str(daemon.port),
                            "-o", f"UserKnownHostsFile={daemon.directory / 'known_hosts'}", "ada@127.0.0.1", "true"],
                           env=askpass(daemon.directory, "x"), stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    wait_until(lambda: len(hooks.requests) > before, 10, "the server is asked")
    ssh.kill()
    ssh.wait()
    wait_until(lambda: hooks.hangups > hung_up, 10, "the request is given up")


def test_connections_to_the_server_are_kept(daemon, hooks):
    login(daemon)
    before = hooks.connections
    for _ in range(4):
        assert login(daemon).returncode == 0
    assert hooks.connections <= before + 2, "at most one for each core"
    assert len(hooks.requests) == 10


def test_an_outage_is_neither_a_failure_of_the_users_nor_a_penalty_of_the_source(work, hooks):
    """UA-19."""
    daemon = Daemon(work / f"hooks-{next(own_daemons)}", "oci", "busybox")
    daemon.set("auth", {"password": {"method": "webhook", "webhook": {"url": hooks.url}}})
    daemon.set("ssh.perSource.exempt", [])
    daemon.set("ssh.perSource.penalties", {"noAttempt": "0s", "authFailed": "1m", "graceExceeded": "1m"})
    daemon.start()
    try:
        hooks.clear()
        hooks.answer = lambda path, body: (403, {})
        refused = login(daemon, PASSWORD, "ada", "-o", "NumberOfPasswordPrompts=8")
        assert b"Permission denied" in refused.stderr and len(hooks.of("/password")) == 8, "two more than may fail"
        hooks.answer = by_password
        assert login(daemon).stdout == b"in\n"
        assert daemon.codes().count("SSH_AUTH_UNAVAILABLE") == 8 and "SSH_SOURCE_PENALTY" not in daemon.codes()
        assert login(daemon, "wrong").returncode == 255
        wait_until(lambda: "SSH_SOURCE_PENALTY" in daemon.codes(), 10, "who guesses is turned away all the same")
    finally:
        assert daemon.stop() == 0


def test_a_closed_port_is_unavailable(work):
    daemon = Daemon(work / f"hooks-{next(own_daemons)}", "oci", "busybox")
    daemon.set("auth", {"password": {"method": "webhook", "webhook": {"url": "http://127.0.0.1:1", "authTimeout": "500ms"}}})
    daemon.start()
    try:
        refused = login(daemon)
        assert refused.returncode == 255 and b"Permission denied (password)." in refused.stderr, "only what is configured is offered"
        last = of_the_last_login(daemon)
        assert [line["details"]["reason"] for line in last if line["code"] == "SSH_AUTH_UNAVAILABLE"] == ["HTTP_CLIENT_CONNECTION_FAILED"]
    finally:
        assert daemon.stop() == 0


def test_the_login_deadline_waits_for_a_webhook_within_its_limit(work, hooks):
    def late(handler):
        time.sleep(1.5)
        handler.reply(200, {"success": True})

    hooks.answer = lambda path, body: (200, late)
    daemon = Daemon(work / f"hooks-{next(own_daemons)}", "oci", "busybox", ssh__loginGraceTime="1s")
    daemon.set("auth", {"password": {"method": "webhook", "webhook": {"url": hooks.url, "timeout": "9s", "authTimeout": "9s"}}})
    daemon.start()
    try:
        assert login(daemon).stdout == b"in\n"
    finally:
        assert daemon.stop() == 0


def test_local_logins_pass_authorization_too(work, hooks):
    hooks.answer = lambda path, body: (200, {"success": body["username"] == "alice", "environment": {"A": {"value": "b"}}})
    hooks.clear()
    daemon = Daemon(work / f"hooks-{next(own_daemons)}", "oci", "busybox")
    daemon.users["bob"] = daemon.users["alice"]
    daemon.set("auth.authz", {"method": "webhook", "webhook": {"url": hooks.url + "/prefix", "authTimeout": "1s"}})
    daemon.start()
    try:
        assert daemon.ssh("echo in").stdout == b"in\n"
        assert daemon.ssh("echo in", user="bob").returncode == 255
        assert [path for path, _ in hooks.requests] == ["/prefix/authz"] * 2
        assert hooks.of("/prefix/authz")[0]["authenticatedUsername"] == "alice"
    finally:
        assert daemon.stop() == 0


def test_redirects_where_they_are_allowed(work, hooks):
    hooks.answer = lambda path, body: ((200, {"success": True}) if path == "/there" else
                                       (307, lambda handler: handler.reply(307, "", Location="/there" if path == "/password" else path)))
    daemon = Daemon(work / f"hooks-{next(own_daemons)}", "oci", "busybox")
    daemon.set("auth", {"password": {"method": "webhook", "webhook": {"url": hooks.url, "allowRedirects": True, "authTimeout": "2s"}}})
    daemon.start()
    try:
        assert login(daemon).stdout == b"in\n"
        hooks.answer = lambda path, body: (307, lambda handler: handler.reply(307, "", Location=path))
        hooks.clear()
        assert login(daemon).returncode == 255
        assert len(hooks.requests) == 3 * 11, "a loop ends after ten hops"
    finally:
        assert daemon.stop() == 0


def descriptors(daemon, hooks):
    """How many the daemon holds; those of connections that it keeps to the webhook server apart."""
    held = []
    for entry in pathlib.Path(f"/proc/{daemon.process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            held.append(os.readlink(entry))
    rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    server = {f"socket:[{row[9]}]" for row in rows if int(row[2].split(":")[1], 16) == hooks.port}
    kept = sum(name in server for name in held)
    return len(held) - kept, kept


def memory(daemon):
    text = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("RssAnon")).split()[1])


def test_chaos(daemon, hooks):
    """Many logins at a server that misbehaves at random: a login succeeds when its server has clearly said yes, and never
    else; nothing secret reaches the log; nothing is left."""
    dice = random.Random(20261122)
    plan, yes = {}, {}  # by user: what the server does; whether it has said yes to both questions

    def answer(path, body):
        user = body["username"]
        how = plan[user].pop(0) if plan[user] else "yes"
        if how == "yes":
            yes.setdefault(user, set()).add(path)
            return 200, {"success": True, "metadata": {"t": {"value": "T0KEN-" + user, "sensitive": True}}}
        return MISBEHAVIOUR[how]

    hooks.answer = answer
    # Those that take seconds each are in the test above.
    ways = [how for how in MISBEHAVIOUR if how not in ("slow", "10 MB")]

    def one(number):
        user = f"chaos{number}"
        plan[user] = [dice.choice(ways) for _ in range(dice.choice([0, 1, 1, 2, 3, 8]))]
        return user, login(daemon, f"pass-{user}-word", user, command="true").returncode

    def round_of(numbers):
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            return list(threads.map(one, numbers))

    round_of(range(16))
    wait_until(lambda: not daemon.boxes(), 20, "the boxes are gone")
    (before, _), held = descriptors(daemon, hooks), memory(daemon)
    results = round_of(range(16, 176))
    for user, status in results:
        assert (status == 0) == (yes.get(user) == {"/password", "/authz"}), (user, status, yes.get(user))
    outcomes = [status for _, status in results]
    assert outcomes.count(0) > 20 and outcomes.count(255) > 20
    wait_until(lambda: not daemon.boxes(), 20, "the boxes are gone")
    wait_until(lambda: descriptors(daemon, hooks)[0] <= before, 20, f"descriptors: {before}, {descriptors(daemon, hooks)}")
    assert descriptors(daemon, hooks)[1] <= 8 * os.cpu_count(), "http/limits.hpp: kept connections, per core"
    assert memory(daemon) < held + 8 * 1024, "KiB"
    text = daemon.log_file.read_text()
    for user, _ in results:
        for secret in (f"pass-{user}-word", base64.b64encode(f"pass-{user}-word".encode()).decode(), "T0KEN-" + user):
            assert secret not in text
