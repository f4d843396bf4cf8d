# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document of the webhooks against both sides: generated requests to `fairlead test-auth-server`, and the
daemon's requests and generated answers at real logins."""
import http.client
import json
import os
import signal
import subprocess

import openapi
import pytest
from conftest import BIN, Daemon, free_port, own_daemons, run
from webhooks import Server, askpass

OPERATIONS = {path: item["post"] for path, item in openapi.DOCUMENT["paths"].items()}


def body_schema(operation):
    return operation["requestBody"]["content"]["application/json"]["schema"]


def answer_schema(operation):
    return operation["responses"]["200"]["content"]["application/json"]["schema"]


class AuthServer:
    def __init__(self, *options, **environment):
        self.port = free_port()
        self.process = subprocess.Popen([BIN / "fairlead", "test-auth-server", "--port", str(self.port), *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env={**os.environ, **environment})
        self.announced = self.process.stderr.readline() + self.process.stderr.readline()

    def ask(self, path, body, method="POST"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, body if isinstance(body, (str, bytes)) else json.dumps(body))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=10)
        assert self.process.returncode == 0
        return [json.loads(line) for line in out.splitlines()]


@pytest.fixture(scope="module", params=[[], ["--zero-values"]], ids=["set members", "zero values"])
def auth_server(request):
    server = AuthServer(*request.param)
    yield server
    server.stop()


@pytest.mark.parametrize("path", OPERATIONS)
def test_generated_requests_get_answers_of_the_document(auth_server, path):
    operation = OPERATIONS[path]
    for seed in range(100):
        request = openapi.generate(body_schema(operation), openapi.dice(f"{path} {seed}"))
        status, content = auth_server.ask(path, request)
        assert status == 200, (seed, content)
        answer = json.loads(content)
        assert not openapi.mistakes(answer_schema(operation), {**answer, "config": {}} if "config" in answer else answer)
        if path == "/config":
            continue
        assert answer["success"] == (path == "/authz" or request["username"] in ("foo", "busybox"))
        for name in ("remoteAddress", "connectionId", "clientVersion", "username", "metadata", "environment", "files"):
            assert answer.get(name) == request.get(name), "the request's metadata is echoed"
        assert "passwordBase64" not in answer and "publicKey" not in answer


@pytest.mark.parametrize("path", OPERATIONS)
def test_broken_requests_are_refused(auth_server, path):
    for seed in range(100):
        request = openapi.broken(body_schema(OPERATIONS[path]), openapi.dice(seed))
        assert auth_server.ask(path, request)[0] == 500, (seed, request)
    for body in ("", "{", "[]", b"\xff\xfe", "x" * 1000, "[" * 100_000):
        assert auth_server.ask(path, body)[0] == 500, body[:20]
    assert auth_server.ask(path, "", "GET")[0] == 405


def test_the_server_says_what_it_is_and_logs_no_secrets():
    server = AuthServer(CONTAINERSSH_ALLOW_ALL="1")
    assert "for tests only" in server.announced and "127.0.0.1" in server.announced
    assert json.loads(server.ask("/password", {"username": "ada", "passwordBase64": "c2VjcmV0"})[1])["success"]
    assert not json.loads(server.ask("/pubkey", {"username": "ada", "publicKey": "ssh-x AAAA"})[1])["success"]
    lines = server.stop()
    assert [line["details"]["path"] for line in lines] == ["/password", "/pubkey"]
    assert "c2VjcmV0" not in json.dumps(lines)


def test_a_port_in_use_is_a_clear_error():
    server = AuthServer()
    second = run(BIN / "fairlead", "test-auth-server", "--port", server.port)
    assert second.returncode == 1 and b"another program listens there" in second.stderr
    server.stop()


def usable(answer):
    """Generated texts cannot all be put into a box; what is not about texts stays."""
    for name, entry in answer.get("environment", {}).items():
        entry["value"] = "v"
    answer["environment"] = {f"V{i}": entry for i, entry in enumerate(answer.get("environment", {}).values())}
    answer["files"] = {f"/tmp/f{i}": entry for i, entry in enumerate(answer.get("files", {}).values())}
    return answer


@pytest.fixture(scope="module")
def asked(work):
    """A daemon with all four webhooks at one server, which keeps what it is asked."""
    server = Server()
    daemon = Daemon(work / f"openapi-{next(own_daemons)}", "oci", "busybox")
    webhook = {"url": server.url, "authTimeout": "1s"}
    daemon.set("auth", {name: {"method": "webhook", "webhook": webhook} for name in ("password", "publicKey", "authz")})
    daemon.set("configserver", {"url": server.url + "/config"})
    daemon.start()
    yield daemon, server
    assert daemon.stop() == 0
    server.stop()


def login(daemon):
    return run("ssh", "-F", "/dev/null", "-i", daemon.key, "-o", "IdentitiesOnly=yes", "-o", "NumberOfPasswordPrompts=1",
               "-o", f"UserKnownHostsFile={daemon.directory / 'known_hosts'}", "-p", daemon.port, "ada@127.0.0.1", "echo in",
               env=askpass(daemon.directory, "secret"))


def test_the_daemon_asks_and_understands_what_the_document_says(asked):
    daemon, server = asked
    admitted = 0
    for seed in range(25):
        dice = openapi.dice(f"daemon {seed}")
        said = {}

        def answer(path, body):
            made = usable(openapi.generate(answer_schema(OPERATIONS[path]), dice))
            if path == "/config":
                made["config"] = dice.choice([{}, {"log": {"level": "debug"}}])
            said[path] = made
            return 200, made

        server.answer = answer
        server.clear()
        done = login(daemon)
        for path, text in server.requests:
            assert not openapi.mistakes(body_schema(OPERATIONS[path]), json.loads(text)), (path, text)
        proved = said.get("/password", {}).get("success") or said["/pubkey"]["success"]
        let_in = proved and said["/authz"]["success"]
        assert (done.stdout == b"in\n") == bool(let_in), (seed, said, done.stderr)
        assert ("/config" in said) == bool(let_in)
        admitted += bool(let_in)
    assert 3 < admitted < 22, "both outcomes were seen"
